import { setupLibtorch } from '../../../lib/libtorch/fetch';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

jest.mock('../../../lib/libtorch/wheel-name', () => ({
  ...jest.requireActual('../../../lib/libtorch/wheel-name'),
  glibcVersion: () => undefined,
}));

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a Linux without glibc is told so before anything is downloaded', async () => {
  const env = { PATH: '/nonexistent', XDG_CACHE_HOME: temporaryFolder(), PIP_CONFIG_FILE: '/dev/null' };
  await expectRejection(setupLibtorch({ variant: 'cpu', env }), 'ERR_LIBTORCH', /musl.*Debian.*LIBTORCH/);
});

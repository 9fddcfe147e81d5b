import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import { openNpz } from '../../../lib/io/npz';
import { expectRejection } from '../../support/expect-rejection';
import { parityDir } from '../../support/fixtures';
import { zip } from '../../support/npz';
import { temporaryFolder } from '../../support/temporary-folder';

const sound = () => readFileSync(path.join(parityDir, 'pytorch', 'now.pt'));

function fileOf(bytes: Buffer, name = 'g.pt'): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, bytes);
  return file;
}

/** An archive that keeps its directory at a place of 64 bits (APPNOTE.TXT 4.3.15), past anything. */
function withFarDirectory(archive: Buffer, place: bigint): Buffer {
  const end = Buffer.from(archive.subarray(-22));
  end.writeUInt32LE(0xffffffff, 16);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50);
  locator.writeBigUInt64LE(place, 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([archive.subarray(0, -22), locator, end]);
}

describe.each([10n ** 6n, 2n ** 53n, 2n ** 62n, 2n ** 64n - 1n])('a directory at byte %s', (place) => {
  const archive = withFarDirectory(zip([{ name: 'g/data.pkl', data: Buffer.from('N.') }]), place);

  test('of a PyTorch file is refused', () =>
    expectRejection(Graph.load(fileOf(archive)), 'ERR_FILE_FORMAT', /references byte/));
  test('of an npz file is refused', () =>
    expectRejection(openNpz(fileOf(archive, 'a.npz')), 'ERR_FILE_FORMAT', /references byte/));
});

test.each([
  ['the prompt', 'a b c'],
  ['a name of the model', 'tiny'],
])('%s changed by one letter does not fit its checksum', async (_, text) => {
  const bytes = sound();
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes.write('z', at);
  await expectRejection(Graph.load(fileOf(bytes)), 'ERR_FILE_FORMAT', /checksum of .*data\.pkl/);
});

test('two pickles, of which readers may take either', async () => {
  const data = Buffer.from('\x80\x02}.', 'latin1');
  const archive = zip(['a/data.pkl', 'b/data.pkl'].map((name) => ({ name, data })));
  await expectRejection(Graph.load(fileOf(archive)), 'ERR_FILE_FORMAT', /two folders/);
});

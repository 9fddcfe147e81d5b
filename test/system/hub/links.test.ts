import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { findInCache } from '../../../lib/hub/cached-reference';
import { listCache, removeFromCache } from '../../../lib/hub/cached-repositories';
import { Hub } from '../../../lib/hub/plan';
import { requireHubReference } from '../../../lib/hub/reference';
import { planTokenizerFiles } from '../../../lib/model/model-files';
import { planTranscoderFiles } from '../../../lib/transcoder/locate';
import { expectRejection } from '../../support/expect-rejection';
import { useFakeHub } from './support/hub';

const current = useFakeHub();
afterEach(() => jest.restoreAllMocks());

const config = 'model_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out\n';
const layers = { 'layer_0.safetensors': Buffer.alloc(5000, 1), 'layer_1.safetensors': Buffer.alloc(5000, 2) };

async function obtain(options: Parameters<typeof Hub.open>[0] = {}): Promise<string> {
  const hub = await Hub.open(options);
  return (await hub.obtain(requireHubReference('org/set', 'set'), planTranscoderFiles)).folder;
}

/** A call of the file system that isn't there, in the words of some system. */
function without(call: 'symlink' | 'link', code: string) {
  const error = Object.assign(new Error(`${code}: no ${call}`), { code, syscall: call });
  return jest.spyOn(fs, call).mockRejectedValue(error);
}

// Field faults, section 3: only EPERM made a copy; on other file systems without links fetching failed.
describe('where there are no symbolic links', () => {
  test.each(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'])(
    '(%s), snapshots have hard links, and where there are none either, copies',
    async (code) => {
      current.hub.add('org/set', { 'config.yaml': config, ...layers });
      without('symlink', code);
      const folder = await obtain();
      for (const [name, content] of Object.entries(layers)) {
        expect(readFileSync(path.join(folder, name)).equals(content)).toBe(true);
        expect(lstatSync(path.join(folder, name))).toMatchObject({ nlink: 2 });
      }
      await fs.rm(current.cacheDir, { recursive: true });
      without('link', code);
      await obtain();
      expect(readdirSync(folder).sort()).toEqual(['config.yaml', ...Object.keys(layers)]);
      for (const [name, content] of Object.entries(layers)) {
        expect(readFileSync(path.join(folder, name)).equals(content)).toBe(true);
        expect(lstatSync(path.join(folder, name)).nlink).toBe(1);
      }
      // Both kinds answer offline.
      expect(await obtain({ offline: true })).toBe(folder);
    },
  );

  test('hard links count once in the cache, copies twice, and removal frees the reported size', async () => {
    current.hub.add('org/set', { 'config.yaml': config, ...layers });
    without('symlink', 'ENOTSUP');
    await obtain();
    const size = 10_000 + config.length;
    expect(await listCache(current.cacheDir)).toMatchObject([{ bytes: size, revisions: [{ files: 3, bytes: size }] }]);
    const { commit } = await findInCache(current.cacheDir, 'org/set@main');
    const removal = await removeFromCache(current.cacheDir, { repo: 'org/set', commit }, { dryRun: false });
    expect(removal.bytes).toBe(size);
    without('link', 'ENOTSUP');
    await obtain();
    expect(await listCache(current.cacheDir)).toMatchObject([{ bytes: 2 * size }]);
  });

  test('a failed copy leaves no files and reports the reason', async () => {
    current.hub.add('org/set', { 'config.yaml': config, ...layers });
    without('symlink', 'ENOSYS');
    without('link', 'ENOSYS');
    const full = Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC', syscall: 'copyfile' });
    jest.spyOn(fs, 'copyFile').mockRejectedValue(full);
    await expectRejection(obtain(), 'ERR_FILE_WRITE', /snapshots.*disk is full/);
    const snapshots = path.join(current.cacheDir, 'models--org--set', 'snapshots');
    expect(readdirSync(snapshots, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toEqual(
      [],
    );
  });

  test('other errors of creating links are thrown', async () => {
    current.hub.add('org/set', { 'config.yaml': config, ...layers });
    without('symlink', 'ENOSPC');
    await expectRejection(obtain(), 'ERR_FILE_WRITE', /disk is full/);
  });
});

// Field faults, section 4, d1: "Nothing of X is not in the cache".
describe('offline', () => {
  const tokenizer = async () =>
    (await Hub.open({ offline: true })).plan(requireHubReference('org/set', 'model'), planTokenizerFiles);

  test('says that nothing is there, and how to fetch just that', async () => {
    await expectRejection(obtain({ offline: true }), 'ERR_HUB_NOT_FOUND', /^Nothing of org\/set@main is in the cache /);
    await expectRejection(tokenizer(), 'ERR_HUB_NOT_FOUND', /circuit-tracer fetch org\/set\.$/);
    const hub = await Hub.open({ offline: true });
    const reference = requireHubReference('org/set//folder@v1', 'set');
    await expectRejection(
      hub.plan(reference, planTranscoderFiles),
      'ERR_HUB_NOT_FOUND',
      /^Nothing of org\/set@v1 is in .*fetch org\/set\/\/folder@v1\.$/,
    );
  });

  test('says which file is not, also when it is the weights', async () => {
    current.hub.add('org/set', { 'config.yaml': config, ...layers });
    const folder = await obtain();
    await expectRejection(tokenizer(), 'ERR_HUB_NOT_FOUND', /^tokenizer\.json of org\/set@main is not in the cache/);
    for (const name of Object.keys(layers)) await fs.rm(path.join(folder, name));
    await expectRejection(
      obtain({ offline: true }),
      'ERR_HUB_NOT_FOUND',
      /^a weight file of org\/set@main is not in the cache.*circuit-tracer fetch/,
    );
  });
});

// Field faults, section 6, L13: a server that stopped in the middle of the body held a download for minutes.
describe('a hub that goes silent', () => {
  beforeEach(() => {
    process.env.HF_HUB_DOWNLOAD_TIMEOUT = '0.1';
  });

  test('in the middle of a file', async () => {
    current.hub.add('org/set', { 'config.yaml': config, ...layers });
    current.hub.interceptions.push(({ server }, response) => {
      if (server !== 'cdn') return false;
      response.writeHead(200, { 'content-length': 5000 }).write(Buffer.alloc(1000, 1));
      return true;
    });
    await expectRejection(obtain(), 'ERR_HUB', /keeps breaking \(silent for 0\.1 s\)/);
    // The first try got some bytes; the others nothing new.
    const tries = current.hub.takeRequests().filter(({ server, url }) => server === 'cdn' && url.length > 1);
    expect(tries.length).toBeLessThanOrEqual(8);
  });

  test('in the middle of its answer about a repository', async () => {
    current.hub.interceptions.push(({ url }, response) => {
      if (!url.startsWith('/api/')) return false;
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":');
      return true;
    });
    await expectRejection(obtain(), 'ERR_HUB', /cannot be reached \(silent for 0\.1 s\)/);
    expect(current.hub.takeRequests()).toHaveLength(3);
  });
});

// Field faults, section 6, M1.
test('an answer of the hub that is a bomb is refused before it is parsed', async () => {
  current.hub.interceptions.push((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(1e6));
    return true;
  });
  await expectRejection(obtain(), 'ERR_HUB', /brackets nested more than 100 deep/);
});

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Hub } from '../../../lib/hub/plan';
import { requireHubReference } from '../../../lib/hub/reference';
import { Random } from '../../../lib/random';
import { planTranscoderFiles } from '../../../lib/transcoder/locate';
import type { Progress } from '../../../lib/types';
import { expectRejection } from '../../support/expect-rejection';
import { gitHash, hashOf } from '../../support/fake-hub';
import { contentsOf, useFakeHub } from './support/hub';

const current = useFakeHub();

const config = 'model_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out\n';

function randomBytes(length: number, seed: number): Buffer {
  const random = new Random(seed);
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(random.uniform() * 256)));
}

/** A set of some layers; what is in them doesn't matter to downloads. */
function addSet(layers: number, bytes: number, repo = 'org/set') {
  const names = Array.from({ length: layers }, (_, layer) => `layer_${layer}.safetensors`);
  const files = Object.fromEntries(names.map((name, layer) => [name, randomBytes(bytes, layer + 1)]));
  return current.hub.add(repo, { 'config.yaml': config, 'README.md': 'not needed', ...files });
}

async function obtain(options: Parameters<typeof Hub.open>[0] = {}, reference = 'org/set') {
  const hub = await Hub.open(options);
  return hub.obtain(requireHubReference(reference, 'set'), planTranscoderFiles);
}

const repoFolder = () => path.join(current.cacheDir, 'models--org--set');
const blobsThere = () => readdirSync(path.join(repoFolder(), 'blobs')).sort();

describe('the cache', () => {
  test('is laid out as Python does, only needed files', async () => {
    const { files, commit } = addSet(2, 5000);
    const { folder } = await obtain();
    expect(folder).toBe(path.join(repoFolder(), 'snapshots', commit));
    const needed = ['config.yaml', 'layer_0.safetensors', 'layer_1.safetensors'];
    const expected: Record<string, string> = { 'refs/main': commit };
    for (const name of needed) {
      const content = files.get(name) ?? Buffer.of();
      const hash = name === 'config.yaml' ? gitHash(content) : hashOf('sha256', content);
      expected[`blobs/${hash}`] = content.toString('latin1');
      expected[`snapshots/${commit}/${name}`] = `-> ../../blobs/${hash}`;
    }
    expect(contentsOf(repoFolder())).toEqual(expected);
  });

  test('answers after one request, offline after none', async () => {
    const { commit } = addSet(2, 5000);
    await obtain();
    current.hub.takeRequests();
    await obtain();
    expect(current.hub.takeRequests().map(({ url }) => url.split('?')[0])).toEqual([
      '/api/models/org/set/revision/main',
    ]);
    await obtain({}, `org/set@${commit}`);
    expect(current.hub.takeRequests()).toHaveLength(1);
    await obtain({ offline: true });
    process.env.HF_HUB_OFFLINE = 'yes';
    await obtain();
    expect(current.hub.takeRequests()).toEqual([]);
  });

  test('is asked for the new commit of a branch, and content that stayed is not fetched again', async () => {
    addSet(2, 5000);
    await obtain();
    const { files } = addSet(2, 5000);
    files.set('layer_1.safetensors', randomBytes(5000, 77));
    const { commit } = current.hub.add('org/set', Object.fromEntries(files));
    current.hub.takeRequests();
    expect((await obtain()).folder).toContain(commit);
    expect(current.hub.takeRequests().filter(({ server }) => server === 'cdn')).toHaveLength(1);
  });

  test('offline, the error names the missing file', async () => {
    addSet(2, 5000);
    await expectRejection(
      obtain({ offline: true }),
      'ERR_HUB_NOT_FOUND',
      /org\/set@main .*cache.*HF_HUB_OFFLINE.*circuit-tracer fetch/,
    );
    await obtain();
    const [layer = ''] = readdirSync(path.join(repoFolder(), 'snapshots')).map((commit) =>
      path.join(repoFolder(), 'snapshots', commit, 'config.yaml'),
    );
    await fs.rm(layer);
    await expectRejection(obtain({ offline: true }), 'ERR_HUB_NOT_FOUND', /config\.yaml of org\/set@main/);
    expect(current.hub.takeRequests().filter(({ method }) => method === 'POST')).toHaveLength(2);
  });
});

describe('downloads', () => {
  test('are cut at ten places and resumed, each byte sent once', async () => {
    const { files } = addSet(1, 100_000);
    const random = new Random(5);
    const cuts = Array.from({ length: 10 }, () => 1 + Math.floor(random.uniform() * 8000));
    current.hub.cuts.push(...cuts);
    await obtain();
    const content = files.get('layer_0.safetensors') ?? Buffer.of();
    expect(blobsThere()).toContain(hashOf('sha256', content));
    const starts = cuts.map((_, i) => cuts.slice(0, i + 1).reduce((sum, cut) => sum + cut, 0));
    const ranges = current.hub
      .takeRequests()
      .filter(({ server }) => server === 'cdn')
      .map(({ range }) => range);
    expect(ranges).toEqual([undefined, ...starts.map((start) => `bytes=${start}-`)]);
  });

  test('that were aborted go on in a later call', async () => {
    addSet(1, 100_000);
    current.hub.cuts.push(30_000);
    const controller = new AbortController();
    const onProgress = ({ done }: Progress) => {
      if (done >= 30_000) controller.abort();
    };
    await expectRejection(obtain({ signal: controller.signal, onProgress }), 'ABORT_ERR', /aborted/);
    expect(blobsThere().filter((name) => name.endsWith('.incomplete'))).toHaveLength(1);
    current.hub.takeRequests();
    await obtain();
    expect(current.hub.takeRequests().find(({ server }) => server === 'cdn')?.range).toBe('bytes=30000-');
    expect(blobsThere().filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  });

  test('run eight at once, with one progress over all', async () => {
    addSet(20, 5000);
    const steps: Progress[] = [];
    current.hub.heldUntil = 8;
    await obtain({ onProgress: (step) => steps.push(step) });
    expect(current.hub.mostInFlight).toBe(8);
    expect(steps.at(-1)).toMatchObject({ phase: 'download', done: 100_000, total: 100_000, unit: 'bytes' });
    expect(new Set(steps.map(({ total }) => total))).toEqual(new Set([100_000]));
  });

  test('with wrong bytes are thrown away', async () => {
    const { files } = addSet(1, 5000);
    const good = files.get('layer_0.safetensors') ?? Buffer.of();
    const wrong = randomBytes(5000, 99);
    current.hub.interceptions.push(({ server }, response) => {
      if (server === 'cdn') response.end(wrong);
      return server === 'cdn';
    });
    await expectRejection(obtain(), 'ERR_HUB', /layer_0.*expected the hash .* download was discarded/);
    expect(blobsThere()).toEqual([gitHash(Buffer.from(config))]);
    current.hub.interceptions.length = 0;
    // A part that someone has damaged costs a second download, no more.
    writeFileSync(path.join(repoFolder(), 'blobs', `${hashOf('sha256', good)}.incomplete`), wrong.subarray(0, 1000));
    const { folder } = await obtain();
    expect(readFileSync(path.join(folder, 'layer_0.safetensors')).equals(good)).toBe(true);
  });

  test('need room on the disk before they begin', async () => {
    addSet(2, 5000);
    const small = jest.spyOn(fs, 'statfs').mockImplementation(async () => ({ bavail: 1, bsize: 4096 }) as never);
    await expectRejection(
      obtain(),
      'ERR_FILE_WRITE',
      /needs 0\.01 MB, but the disk has only 0\.0041 MB free.*HF_HUB_CACHE/,
    );
    small.mockRestore();
    expect(current.hub.takeRequests().filter(({ server }) => server === 'cdn')).toEqual([]);
  });

  test('of the same files by two callers share the work', async () => {
    addSet(3, 50_000);
    await Promise.all([obtain(), obtain(), obtain()]);
    expect(current.hub.takeRequests().filter(({ server }) => server === 'cdn')).toHaveLength(3);
  });

  test('never leave the cache', async () => {
    const evil = `${config}transcoders: [../../../../escaped.npz]\n`;
    const { files } = current.hub.add('org/evil', { 'config.yaml': evil });
    await expectRejection(obtain({}, 'org/evil'), 'ERR_HUB', /is not safe to use.*escaped\.npz/);
    files.set('../../../../escaped.npz', Buffer.from('x'));
    await expectRejection(obtain({}, 'org/evil'), 'ERR_HUB', /is not safe to use.*escaped\.npz/);
  });

  test('all end with the first that fails', async () => {
    addSet(9, 5000);
    current.hub.heldUntil = 99;
    let asked = 0;
    current.hub.interceptions.push(({ server }, response) => {
      const refused = server === 'cdn' && ++asked === 8;
      if (refused) response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      return refused;
    });
    await expectRejection(obtain(), 'ERR_HUB_NOT_FOUND', /has no layer_/);
    expect(readdirSync(path.join(repoFolder(), 'snapshots')).length).toBe(1);
    expect(asked).toBe(8);
  });
});

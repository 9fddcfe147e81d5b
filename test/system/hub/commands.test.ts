import { existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import { PackedWriter } from '../../../lib/features/packed-writer';
import { cliScript, runNode } from '../../support/child';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { useFakeHub } from './support/hub';

const current = useFakeHub();
const set = transcoderDir('llama-plt-relu-skip');

function environment(): Record<string, string> {
  return { HF_ENDPOINT: current.hub.endpoint, HF_HOME: current.home, HF_TOKEN: '' };
}

const run = (args: string[]) => runNode(cliScript, args, { env: environment() });

/** Standard output of a command that must succeed; text for people must fit the page. */
async function lines(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  if (code !== 0) throw new Error(stderr);
  const widest = args.includes('--json') ? Infinity : 80;
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(widest);
  return stdout;
}

beforeEach(() => {
  current.hub.addFolder('meta/tiny', modelDir('llama'));
  const { files } = current.hub.addFolder('org/set', set);
  const config = files.get('config.yaml')?.toString() ?? '';
  files.set('config.yaml', Buffer.from(config.replace(/^model_name:.*$/m, 'model_name: meta/tiny')));
});

const repoFolder = (name: string) => path.join(current.cacheDir, `models--${name.replace('/', '--')}`);

test('fetch says what it would fetch, fetches it, and finds it again', async () => {
  const plan = await lines(['fetch', 'org/set', '--dry-run']);
  expect(plan).toMatch(/^org\/set\n/);
  expect(plan).toMatch(/ {2}config\.yaml +\d+ bytes {2}cached\n {2}layer_0\.safetensors +[\d.]+ kB\n/);
  expect(plan).toMatch(/\nmeta\/tiny\n.* {2}model\.safetensors +[\d.]+ [kM]B\n/s);
  expect(current.hub.takeRequests().filter(({ server }) => server === 'cdn')).toEqual([]);
  const { stdout, stderr } = await run(['fetch', 'org/set']);
  expect(stdout).toMatch(/ fetched\n$/);
  expect(stderr).toMatch(/^download: .* of .*[kM]B$/m);
  current.hub.takeRequests();
  expect(await lines(['fetch', 'org/set'])).toMatch(/were in the cache, 0 bytes fetched\n$/);
  expect(current.hub.takeRequests()).toHaveLength(2);
  const { files } = JSON.parse(await lines(['fetch', 'org/set', '--no-model', '--json'])) as {
    files: { repo: string }[];
  };
  expect(new Set(files.map(({ repo }) => repo))).toEqual(new Set(['org/set']));
});

test('fetch of two sets counts the model they share once', async () => {
  const { files } = current.hub.repositories.get('org/set') ?? { files: new Map() };
  current.hub.add('org/second', Object.fromEntries(files));
  const { files: listed } = JSON.parse(await lines(['fetch', 'org/set', 'org/second', '--dry-run', '--json']));
  const names = (listed as { repo: string; path: string }[]).map(({ repo, path: file }) => `${repo} ${file}`);
  expect(names.filter((name) => name === 'meta/tiny model.safetensors')).toHaveLength(1);
  expect(new Set(names).size).toBe(names.length);
});

test('two processes fetch the same at once', async () => {
  const results = await Promise.all([run(['fetch', 'org/set']), run(['fetch', 'org/set'])]);
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  const large = current.hub.takeRequests().filter(({ server }) => server === 'cdn');
  expect(large.length).toBe(new Set(large.map(({ url }) => url)).size);
  expect(readdirSync(path.join(repoFolder('org/set'), 'blobs')).filter((name) => name.includes('incomplete'))).toEqual(
    [],
  );
});

test('Ctrl-C leaves downloads that can be resumed', async () => {
  current.hub.heldUntil = 99;
  let stopping = false;
  const stopped = await runNode(cliScript, ['fetch', 'org/set', '--no-model'], {
    env: environment(),
    onOutput: (text, kill) => {
      if (!stopping && text.includes('download')) kill('SIGINT');
      stopping ||= text.includes('download');
    },
  });
  expect(stopped).toMatchObject({ code: 130, stderr: expect.stringContaining('ABORT_ERR') });
  current.hub.heldUntil = 0;
  expect(await lines(['fetch', 'org/set', '--no-model'])).toMatch(/ fetched\n$/);
});

test('attribute downloads on first use, and gives the graph of local folders', async () => {
  const folder = temporaryFolder();
  const graphs = ['hub', 'local'].map((name) => path.join(folder, `${name}.safetensors`));
  const [hubGraph = '', localGraph = ''] = graphs;
  const common = ['--tokens', '3,5,7,11', '--graph-output-path'];
  await lines(['attribute', '-t', 'org/set', ...common, hubGraph]);
  await lines(['attribute', '-m', modelDir('llama'), '-t', set, ...common, localGraph]);
  const [fetched, local] = await Promise.all(graphs.map((file) => Graph.load(file)));
  expect(fetched?.edges).toEqual(local?.edges);
  expect(fetched?.activeFeatures).toEqual(local?.activeFeatures);
  expect(fetched?.scan).toBe('org/set');
  expect(await lines(['info', 'org/set'])).toMatch(/^Transcoders org\/set\n/);
});

describe('names on the hub', () => {
  const folder = temporaryFolder();
  const graph = path.join(folder, 'graph.pt');
  beforeAll(async () => {
    const model = ['-m', modelDir('llama'), '-t', set, '--tokens', '3,5,7,11'];
    const { code, stderr } = await runNode(cliScript, ['attribute', ...model, '-o', graph]);
    if (code !== 0) throw new Error(stderr);
  });

  /** Packed examples of one feature, which says so. */
  async function featuresOf({ layer, feature }: Record<string, number>): Promise<Record<string, Buffer>> {
    const packed = path.join(temporaryFolder(), 'features');
    const writer = await PackedWriter.open(packed);
    for (let l = 0; l <= (layer ?? 0); l++) {
      await writer.startLayer();
      for (let f = 0; l === layer && f <= (feature ?? 0); f++) {
        await writer.add(f === feature ? { index: f, examples_quantiles: [], top_logits: ['of the hub'] } : undefined);
      }
    }
    await writer.finish();
    return Object.fromEntries(readdirSync(packed).map((name) => [name, readFileSync(path.join(packed, name))]));
  }

  test.each(['org/set', 'gemma'])('label finds the examples of -t %s', async (name) => {
    const label = ['label', graph, '--node-threshold', '1', '--count', '1', '--json'];
    const [first] = JSON.parse(await lines(label)).features;
    expect(first.examples).toBeNull();
    const { files } = current.hub.repositories.get('org/set') ?? { files: new Map<string, Buffer>() };
    for (const [file, content] of Object.entries(await featuresOf(first))) files.set(`features/${file}`, content);
    current.hub.add('mwhanna/gemma-scope-transcoders', Object.fromEntries(files));
    const [again] = JSON.parse(await lines([...label, '-t', name])).features;
    expect(again).toMatchObject({ layer: first.layer, examples: { top_logits: ['of the hub'] } });
  });

  test('label says what transcoders there are not', async () => {
    expect(await run(['label', graph, '-t', 'nonsense'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/transcoders must be .*org\/repo.*nonsense/),
    });
    expect(await run(['label', graph, '-t', './none'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none: expected a folder of transcoders.*ERR_FILE_NOT_FOUND/),
    });
    expect(await run(['label', graph, '-t', 'org/set'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no features for these transcoders.*ERR_HUB_NOT_FOUND/),
    });
  });

  test('graph and convert fetch the tokenizer of -m, and no weights', async () => {
    const tokensOf = async (model: string) => JSON.parse(await lines(['graph', graph, '-m', model, '--json'])).tokens;
    const local = await tokensOf(modelDir('llama'));
    expect(local.some(({ id, token }: { id: number; token: string }) => token !== String(id))).toBe(true);
    expect(await tokensOf('meta/tiny')).toEqual(local);
    const page = path.join(folder, 'page.json');
    await lines(['convert', graph, page, '-m', 'meta/tiny']);
    const { metadata } = JSON.parse(readFileSync(page, 'utf8'));
    expect(metadata.prompt_tokens).toEqual(local.map(({ token }: { token: string }) => token));
    const urls = current.hub.takeRequests().map(({ url }) => url);
    expect(urls.some((url) => url.endsWith('/tokenizer.json'))).toBe(true);
    expect(urls.filter((url) => /model\.safetensors/.test(url))).toEqual([]);
    for (const command of [
      ['graph', graph],
      ['convert', graph, page],
    ]) {
      expect(await run([...command, '-m', 'nonsense'])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/model must be .*org\/repo.*nonsense/),
      });
    }
  });
});

test('errors of the hub end a command with 1, malformed references with 2', async () => {
  const unknown = await run(['fetch', 'org/none']);
  expect(unknown).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/repository org\/none does not exist.*ERR_HUB_NOT_FOUND/),
  });
  expect(await run(['fetch', 'nonsense'])).toMatchObject({ code: 2, stderr: expect.stringContaining('org/repo') });
});

describe('cache', () => {
  test('ls is empty at first, then lists repositories and revisions', async () => {
    expect(await lines(['cache', 'ls'])).toMatch(/^0 repositories, 0 bytes/);
    await lines(['fetch', 'org/set']);
    const listed = await lines(['cache', 'ls']);
    const { commit = '' } = current.hub.repositories.get('org/set') ?? {};
    expect(listed).toMatch(/^meta\/tiny +[\d.]+ [kM]B\n/);
    expect(listed).toMatch(
      new RegExp(`\n  ${commit.slice(0, 12)} main +[\\d.]+ [kM]B +\\d{4}-\\d\\d-\\d\\d\n2 repositories`),
    );
    const { repositories } = JSON.parse(await lines(['cache', 'ls', '--json']));
    expect(repositories[1]).toMatchObject({ repo: 'org/set', revisions: [{ commit, refs: ['main'], files: 5 }] });
  });

  test('rm removes a revision and keeps what others use', async () => {
    const first = current.hub.repositories.get('org/set');
    await lines(['fetch', 'org/set', '--no-model']);
    const changed = new Map(first?.files).set('layer_0.safetensors', Buffer.alloc(4000, 1));
    current.hub.add('org/set', Object.fromEntries(changed));
    await lines(['fetch', 'org/set', '--no-model']);
    const blobs = path.join(repoFolder('org/set'), 'blobs');
    const before = readdirSync(blobs);
    const old = path.join(blobs, `${'0'.repeat(64)}.incomplete`);
    writeFileSync(old, 'left by a download');
    utimesSync(old, 0, 0);
    const removed = `org/set@${first?.commit}`;
    expect(await lines(['cache', 'rm', removed, '--dry-run'])).toMatch(/would be freed/);
    expect(existsSync(old)).toBe(true);
    const size = (first?.files.get('layer_0.safetensors')?.length ?? 0) + 'left by a download'.length;
    expect(JSON.parse(await lines(['cache', 'rm', removed, '--json'])).bytes).toBe(size);
    expect(readdirSync(blobs)).toHaveLength(before.length - 1);
    expect(readdirSync(path.join(repoFolder('org/set'), 'snapshots'))).toHaveLength(1);
    current.hub.takeRequests();
    await lines(['fetch', 'org/set', '--no-model']);
    expect(current.hub.takeRequests()).toHaveLength(1);
  });

  test('rm of a repository removes it whole and nothing beside it', async () => {
    await lines(['fetch', 'org/set']);
    const beside = path.join(current.cacheDir, 'version.txt');
    writeFileSync(beside, '1');
    expect(await lines(['cache', 'rm', 'org/set'])).toMatch(/^org\/set: [\d.]+ [kM]B freed\n/);
    expect(readdirSync(current.cacheDir).sort()).toEqual(['.locks', 'models--meta--tiny', 'version.txt']);
    expect(readFileSync(beside, 'utf8')).toBe('1');
    expect(await run(['cache', 'rm', 'org/set'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not in the cache'),
    });
    expect(await run(['cache', 'rm', '../x'])).toMatchObject({ code: 2 });
  });

  test('rm takes whatever ls lists', async () => {
    await lines(['fetch', 'org/set']);
    renameSync(repoFolder('org/set'), path.join(current.cacheDir, 'models--set'));
    const listed = await lines(['cache', 'ls']);
    const names = [...listed.matchAll(/^ {0,2}(\S+).* [kM]?B(?: |$)/gm)].map(([, name]) => name ?? '');
    expect(names).toEqual(['meta/tiny', expect.any(String), 'set', expect.stringMatching(/^[0-9a-f]{12}$/)]);
    const [model = '', modelCommit = '', set = '', commit = ''] = names;
    for (const name of [...names, `${model}@${modelCommit}`, `${set}@${commit}`, 'set@main']) {
      expect(await lines(['cache', 'rm', name, '--dry-run'])).toMatch(
        /^(meta\/tiny|set)(@[0-9a-f]{12})?: .* would be freed\n$/,
      );
    }
    expect(await lines(['cache', 'rm', modelCommit])).toMatch(/^meta\/tiny@/);
    expect(await lines(['cache', 'rm', 'set'])).toMatch(/^set: /);
    expect(await lines(['cache', 'ls'])).toMatch(/^0 repositories/);
  });
});

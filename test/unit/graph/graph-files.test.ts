import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, type GraphFileOptions, type PruneOptions, writeGraphFiles } from '../../../lib';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyData } from './support/tiny';

jest.mock('../../../lib/engine/jobs', () => require('./support/engine'));

const graph = new Graph(tinyData());
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

let directory: string;
beforeEach(() => {
  directory = temporaryFolder();
});

const write = (slug: string, options: Partial<GraphFileOptions & PruneOptions> = {}) =>
  writeGraphFiles(graph, { slug, directory, ...options });
const slugs = () => readJson(directory, 'graph-metadata.json').graphs.map((entry: { slug: string }) => entry.slug);

test('metadata contains the settings, thresholds and program', async () => {
  const { graphFile } = await write('one', { nodeThreshold: 0.7, edgeThreshold: 0.9 });
  const { metadata, qParams } = readJson(graphFile);
  expect(metadata).toEqual({
    slug: 'one',
    scan: 'tiny/set',
    transcoder_list: [],
    prompt_tokens: ['a', ' b'],
    prompt: 'a b',
    node_threshold: 0.7,
    schema_version: 1,
    generation_settings: { max_n_logits: 2, max_feature_nodes: 3 },
    pruning_settings: { node_threshold: 0.7, edge_threshold: 0.9 },
    info: {
      generator: { name: 'circuit-tracer', version: '1.2.3' },
      source_urls: ['https://huggingface.co/tiny/set'],
    },
  });
  expect(qParams).toEqual({ pinnedIds: [], supernodes: [], linkType: 'both', clickedId: '', sg_pos: '' });
  expect(readJson(directory, 'graph-metadata.json')).toEqual({ graphs: [metadata] });
});

test('numbers are exactly those of the graph', async () => {
  const { nodes, links } = readJson((await write('one')).graphFile);
  const logits = nodes.filter((node: { feature_type: string }) => node.feature_type === 'logit');
  expect(logits).toMatchObject([
    { clerp: 'Output " c" (p=0.500)', token_prob: 0.5, is_target_logit: true, influence: null, layer: '3' },
    { clerp: 'Output " d"" (p=0.062)', token_prob: 0.0625, is_target_logit: false, activation: null },
  ]);
  expect(links).toContainEqual({ source: '1_3_1', target: '3_3_1', weight: 3 });
});

test('a list of transcoders gets one name, the same every time', async () => {
  const scan = ['set/layer-0', 'set/layer-1'];
  const first = readJson((await write('one', { scan })).graphFile).metadata;
  const second = readJson((await write('two', { scan: [...scan] })).graphFile).metadata;
  const other = readJson((await write('three', { scan: [...scan].reverse() })).graphFile).metadata;
  expect(first.scan).toMatch(/^custom-[0-9a-f]{16}$/);
  expect(first.transcoder_list).toEqual(scan);
  expect(second.scan).toBe(first.scan);
  expect(other.scan).not.toBe(first.scan);
});

test('a graph of the same slug is replaced and listed last', async () => {
  await write('one');
  await write('two');
  await write('one', { nodeThreshold: 0.5 });
  expect(slugs()).toEqual(['two', 'one']);
  expect(readJson(directory, 'one.json').metadata.node_threshold).toBe(0.5);
});

test('entries and keys of other programs stay', async () => {
  const other = { slug: 'theirs', title_prefix: 'x' };
  writeFileSync(join(directory, 'graph-metadata.json'), JSON.stringify({ version: 7, graphs: [other, {}] }));
  await write('one');
  const list = readJson(directory, 'graph-metadata.json');
  expect(list.version).toBe(7);
  expect(list.graphs.slice(0, 2)).toEqual([other, {}]);
});

test('many writers at once lose nothing and leave nothing behind', async () => {
  const names = Array.from({ length: 6 }, (_, i) => `graph-${i}`);
  await Promise.all(names.map((slug) => write(slug)));
  expect(slugs().sort()).toEqual(names);
  expect(readdirSync(directory).sort()).toEqual([...names.map((slug) => `${slug}.json`), 'graph-metadata.json']);
});

test('folders are made', async () => {
  const deep = join(directory, 'a', 'b');
  const { graphFile } = await write('one', { directory: deep });
  expect(graphFile).toBe(join(deep, 'one.json'));
  expect(readdirSync(deep).sort()).toEqual(['graph-metadata.json', 'one.json']);
});

test.each(['', '{', '[]', 'null', '{"graphs": {}}', '{"graphs": [1]}', '{}'])(
  'a broken list is neither overwritten nor passed over: %j',
  async (text) => {
    const list = join(directory, 'graph-metadata.json');
    writeFileSync(list, text);
    await expectRejection(write('one'), 'ERR_FILE_FORMAT', /graph-metadata\.json/);
    expect(readFileSync(list, 'utf8')).toBe(text);
    expect(readdirSync(directory)).toEqual(['graph-metadata.json']);
  },
);

test('a file in the place of the folder is an error', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  await expectRejection(write('one', { directory: file }), 'ERR_FILE_WRITE', /file/);
});

const badSlugs = ['', '.', '..', '../up', 'a/b', 'a\\b', '.hidden', '-x', 'a b', 'é', 'a\0', 'x\n', 'graph-metadata'];
test.each([...badSlugs, 'Graph-Metadata', 'a'.repeat(201), undefined, 7])('refuses the slug %j', async (slug) => {
  await expectRejection(write(slug as string), 'ERR_INVALID_ARGUMENT', /slug/);
  expect(readdirSync(directory)).toEqual([]);
});

test.each(['a', 'A.b-c_9', '0', 'a..b', 'a'.repeat(200)])('takes the slug %j', async (slug) => {
  await write(slug);
  expect(slugs()).toEqual([slug]);
});

test.each([[''], [[]], [['a', '']], [7]])('refuses the scan %j', async (scan) => {
  await expectRejection(write('one', { scan: scan as string }), 'ERR_INVALID_ARGUMENT', /scan/);
});

test('stops when aborted, before writing', async () => {
  await expectRejection(write('one', { signal: AbortSignal.abort() }), 'ABORT_ERR', /abort/);
  expect(readdirSync(directory)).toEqual([]);
});

import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import type { ErrorCode } from '../../../lib/errors';
import { expectRejection } from '../../support/expect-rejection';
import { expectedGraph } from '../../support/expected-graph';
import { loadCase } from '../../support/fixtures';
import { dropTensor, editRaw, entryOf, type RawSafetensors } from '../../support/raw-safetensors';
import { temporaryFolder } from '../../support/temporary-folder';

let graph: Graph;
beforeAll(async () => {
  graph = new Graph(expectedGraph(await loadCase('llama-plt-relu-skip')));
});

const edit =
  (change: (raw: RawSafetensors) => void) =>
  (file: string): void =>
    editRaw(file, change);
const setInteger = (name: string, index: number, value: number) =>
  edit((raw) => {
    raw.data.writeInt32LE(value, entryOf(raw, name).data_offsets[0] + 4 * index);
  });

test.each<[string, (file: string) => void, ErrorCode, RegExp]>([
  ['is empty', (file) => truncateSync(file, 0), 'ERR_FILE_FORMAT', /graph\.safetensors/],
  ['is cut short', (file) => truncateSync(file, 10_000), 'ERR_FILE_FORMAT', /graph\.safetensors/],
  ['is something else', (file) => writeFileSync(file, '{"graph": []}'), 'ERR_FILE_FORMAT', /graph\.safetensors/],
  ['has no edges', edit((raw) => dropTensor(raw, 'edges')), 'ERR_FILE_FORMAT', /edges/],
  [
    'has edges of another shape',
    edit((raw) => {
      entryOf(raw, 'edges').shape.reverse();
    }),
    'ERR_FILE_FORMAT',
    /edges/,
  ],
  [
    'selects a feature that is not active',
    setInteger('selected_features', 3, 10_000),
    'ERR_FILE_FORMAT',
    /selected|10000/,
  ],
  ['has a feature in a layer it lacks', setInteger('active_features', 0, 77), 'ERR_FILE_FORMAT', /77|layer/],
  [
    'has no description',
    edit((raw) => {
      delete raw.header.__metadata__;
    }),
    'ERR_FILE_FORMAT',
    /metadata|graph\.safetensors/,
  ],
])('a saved graph that %s is refused', async (_, damage, code, names) => {
  const file = path.join(temporaryFolder(), 'graph.safetensors');
  await graph.save(file);
  damage(file);
  await expectRejection(Graph.load(file), code, names);
});

test('a missing saved graph is reported as missing', async () => {
  const file = path.join(temporaryFolder(), 'graph.safetensors');
  await expectRejection(Graph.load(file), 'ERR_FILE_NOT_FOUND', /graph\.safetensors/);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'a graph with an edge of %p has no influence to speak of',
  async (value) => {
    const edges = graph.edges.slice();
    edges[graph.nSelected * graph.nNodes + 1] = value; // from feature 1 to the first output
    const broken = new Graph({ ...expectedGraph(await loadCase('llama-plt-relu-skip')), edges });
    await expectRejection(broken.prune(), 'ERR_NUMERIC', /finite/);
    await expectRejection(broken.scores(), 'ERR_NUMERIC', /finite/);
    expect((await graph.scores()).replacement).toBeGreaterThan(0);
  },
);

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ChildResult, cliScript, runNode } from '../../support/child';
import { uploadProblems } from '../../support/neuronpedia-rules';
import { temporaryFolder } from '../../support/temporary-folder';

let folder: string;
const at = (name: string) => path.join(folder, name);
const run = (...args: string[]) => runNode(cliScript, args);

async function successful(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  if (code !== 0) throw new Error(`exit code ${code}:\n${stderr}`);
  return stdout;
}

function expectUsage({ code, stderr }: ChildResult, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
}

beforeAll(async () => {
  folder = temporaryFolder();
  const files = ['--slug', 'born', '--graph-file-dir', folder, '-o', at('born.safetensors')];
  await successful('attribute', '-p', 'Fact: Mozart was born in', ...files, '--node-threshold', '1');
});

describe('label', () => {
  const list = (graph: string, ...more: string[]) => successful('label', at(graph), '--node-threshold', '1', ...more);

  test.each(['born.safetensors', 'born.json'])(
    'lists the features of %s without a label, with examples',
    async (graph) => {
      const text = await list(graph, '--count', '2');
      expect(text).toMatch(/^\d:\d+ +@\d+ ".*"\n {2}promotes {2}".*\n +[\d.]+ {2}.*\[.+\].*\n/);
      expect(text).toMatch(/\d features have no label\. \d+ labels are known\.\nTo name one: /);
      expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    },
  );

  test('of both forms of a graph are the same', async () => {
    const keys = async (graph: string) => {
      const { features } = JSON.parse(await list(graph, '--json', '--count', '99'));
      return features.map(({ layer, feature }: Record<string, number>) => `${layer}:${feature}`).sort();
    };
    expect(await keys('born.json')).toEqual(await keys('born.safetensors'));
  });

  test('names one in a labels file, which graph files then show', async () => {
    const before = JSON.parse(await list('born.safetensors', '--json', '--count', '1'));
    const [{ layer, feature }] = before.features;
    const labels = at('labels.json');
    const named = ['--labels', labels, '--name', `${layer}:${feature}=a preposition`, '--json'];
    expect(JSON.parse(await list('born.safetensors', ...named)).unlabelled).toBe(before.unlabelled - 1);
    await list('born.safetensors', '--labels', labels, '--name', '9:9=other');
    expect(JSON.parse(readFileSync(labels, 'utf8'))).toEqual({
      labels: { [`${layer}:${feature}`]: 'a preposition', '9:9': 'other' },
    });
    const write = ['--slug', 'named', '--graph-file-dir', folder, '--labels', labels];
    await successful('graph', at('born.safetensors'), ...write, '--node-threshold', '1');
    const { nodes } = JSON.parse(readFileSync(at('named.json'), 'utf8'));
    expect(nodes.filter(({ clerp }: { clerp: string }) => clerp === 'a preposition').length).toBeGreaterThan(0);
    // And a graph file's labels are labels for another graph.
    const again = JSON.parse(await list('born.safetensors', '--labels', at('named.json'), '--json'));
    expect(again.unlabelled).toBe(before.unlabelled - 1);
  });

  test('rejects invalid flags and files', async () => {
    expectUsage(await run('label', at('born.json'), '--name', '1:2=x'), /--name requires --labels/);
    expectUsage(await run('label', at('born.json'), '--name', 'x'), /LAYER:FEATURE=TEXT/);
    expectUsage(
      await run('label', at('born.json'), '--labels', at('born.json'), '--name', '1:2=x'),
      /must be a file named labels\.json/,
    );
    writeFileSync(at('other.json'), '{}');
    const { code, stderr } = await run('label', at('other.json'));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/is not a graph.*ERR_FILE_FORMAT/)]);
  });
});

test('selection reads groups, pins and labels from the URL of a page and from a graph file', async () => {
  const supernodes = JSON.stringify([['Texas', '3_5_2', '4_6_2']]);
  const view = new URLSearchParams({ pinnedIds: '9_8_7,E_3_1', supernodes, clerps: JSON.stringify([['986', 'x']]) });
  const url = `https://www.neuronpedia.org/gemma-2-2b/graph?slug=s&${view}`;
  expect(JSON.parse(await successful('selection', url, '--json'))).toEqual({
    groups: [
      {
        label: 'Texas',
        features: [
          { layer: 3, position: 2, feature: 5 },
          { layer: 4, position: 2, feature: 6 },
        ],
      },
    ],
    pinned: [{ layer: 9, position: 7, feature: 8 }],
    others: ['E_3_1'],
    labels: { '3:40': 'x' },
  });
  const lines = (await successful('selection', url)).split('\n').map((line) => line.replace(/ +/g, ' '));
  expect(lines).toEqual(expect.arrayContaining([' Texas 3:2:5 4:2:6', ' 9:7:8', ' E_3_1', ' 3:40 x']));
  expect(await successful('selection', at('born.json'))).toMatch(/^Labels/);
});

describe('--neuronpedia', () => {
  const write = (...more: string[]) =>
    run('graph', at('born.safetensors'), '--slug', 'np', '--graph-file-dir', folder, ...more);

  test('makes a file that its upload takes', async () => {
    const about = ['--description', 'Where Mozart was born', '--creator', 'me'];
    expect((await write('--neuronpedia-set', 'my-model/my-set', ...about)).code).toBe(0);
    const file = JSON.parse(readFileSync(at('np.json'), 'utf8'));
    expect(uploadProblems(file)).toEqual([]);
    expect(file.metadata.info).toMatchObject({ description: 'Where Mozart was born', creator_name: 'me' });
  });

  test('needs names where they are not known, before any model runs', async () => {
    expectUsage(await write('--neuronpedia'), /are not known.*--neuronpedia-set/);
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type FeatureExamples, openFeatureSource } from '../../../lib';
import { PackedWriter } from '../../../lib/features/packed-writer';
import { NeuronpediaFeatures } from '../../../lib/features/sources/neuronpedia-features';
import { locateFeatures } from '../../../lib/graph-file';
import { cantorPair } from '../../../lib/graph-file/cantor';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

const feature = (index: number): FeatureExamples => ({
  index,
  examples_quantiles: [{ quantile_name: 'Top', examples: [{ tokens: ['a', 'é'], tokens_acts_list: [0, 1.5] }] }],
  top_logits: ['x'],
});

/** Layer 0 knows features 0 and 2 of three. */
async function packedFolder(): Promise<string> {
  const folder = temporaryFolder();
  const writer = await PackedWriter.open(folder);
  await writer.startLayer();
  for (const record of [feature(0), undefined, feature(2)]) await writer.add(record);
  await writer.finish();
  return folder;
}

let server: Server;
let address: string;
const asked: string[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => asked.splice(0));

/** Files of a folder below /set, by ranges too. */
function serving(files: ReadonlyMap<string, Buffer>): typeof answer {
  return ({ url = '', headers }, response) => {
    const bytes = files.get(url);
    if (!bytes) return response.writeHead(404).end();
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (start === undefined) return response.end(bytes);
    return response.writeHead(206).end(bytes.subarray(Number(start), Number(end) + 1));
  };
}

async function filesBelow(prefix: string): Promise<Map<string, Buffer>> {
  const { readdirSync, readFileSync } = await import('node:fs');
  const folder = await packedFolder();
  return new Map(readdirSync(folder).map((name) => [`${prefix}/${name}`, readFileSync(path.join(folder, name))]));
}

async function expectPacked(where: string): Promise<void> {
  const source = await openFeatureSource(where);
  expect(await source.read({ layer: 0, feature: 2 })).toEqual(feature(2));
  expect(await source.read({ layer: 0, feature: 1 })).toBeUndefined();
  expect(await source.read({ layer: 7, feature: 0 })).toBeUndefined();
  await source.close();
}

test('what a killed writer left goes away', async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, '.layer_0.bin.999999999.0123456789ab.tmp'), 'x');
  writeFileSync(path.join(folder, `.layer_1.bin.${process.pid}.0123456789ab.tmp`), 'x');
  await PackedWriter.open(folder);
  const { readdirSync } = await import('node:fs');
  expect(readdirSync(folder)).toEqual([`.layer_1.bin.${process.pid}.0123456789ab.tmp`]);
});

test('a folder of packed features, and a folder of transcoders that has one', async () => {
  const folder = await packedFolder();
  await expectPacked(folder);
  const transcoders = temporaryFolder();
  const { renameSync } = await import('node:fs');
  renameSync(folder, path.join(transcoders, 'features'));
  await expectPacked(transcoders);
});

test('a folder with a file for each feature, also below the scan', async () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'org', 'set'), { recursive: true });
  writeFileSync(path.join(folder, 'org', 'set', `${cantorPair(1, 5)}.json`), JSON.stringify(feature(5)));
  writeFileSync(path.join(folder, `${cantorPair(2, 6)}.json`), JSON.stringify(feature(6)));
  writeFileSync(path.join(folder, `${cantorPair(2, 7)}.json`), '{"index": 7}');
  const source = await openFeatureSource(folder);
  expect(await source.read({ layer: 1, feature: 5, scan: 'org/set' })).toEqual(feature(5));
  expect(await source.read({ layer: 2, feature: 6, scan: 'org/set' })).toEqual(feature(6));
  expect(await source.read({ layer: 2, feature: 6 })).toEqual(feature(6));
  expect(await source.read({ layer: 9, feature: 9 })).toBeUndefined();
  await expectRejection(source.read({ layer: 2, feature: 7 }), 'ERR_FILE_FORMAT', /examples_quantiles/);
});

test('the bundled examples, by the name of the transcoders', async () => {
  const source = await openFeatureSource('demo');
  expect((await source.read({ layer: 0, feature: 248 }))?.index).toBe(248);
  await source.close();
});

test('an address of packed features, read by ranges', async () => {
  answer = serving(await filesBelow('/set'));
  await expectPacked(`${address}/set/`);
  expect(asked.filter((line) => line.endsWith('layer_0.bin'))).toHaveLength(1);
});

test('an address with a file for each feature', async () => {
  answer = serving(new Map([[`/set/${cantorPair(3, 4)}.json`, Buffer.from(JSON.stringify(feature(4)))]]));
  const source = await openFeatureSource(`${address}/set`);
  expect(await source.read({ layer: 3, feature: 4 })).toEqual(feature(4));
  expect(await source.read({ layer: 3, feature: 5 })).toBeUndefined();
});

test('a repository of the hub', async () => {
  answer = serving(await filesBelow('/org/set/resolve/v1/sub/features'));
  process.env.HF_ENDPOINT = address;
  try {
    await expectPacked('org/set//sub@v1');
    await expectPacked('hf://org/set/sub?revision=v1');
    const none = await openFeatureSource('org/none');
    await expectRejection(none.read({ layer: 0, feature: 0 }), 'ERR_HUB_NOT_FOUND', /org\/none/);
  } finally {
    delete process.env.HF_ENDPOINT;
  }
});

describe('Neuronpedia', () => {
  const source = () => new NeuronpediaFeatures({ modelId: 'gemma-2-2b', sourceSet: 'my-set' }, address);
  const neuron = {
    modelId: 'gemma-2-2b',
    index: '12',
    activations: [
      { tokens: ['a', 'b'], values: [0.5, 1], maxValueTokenIndex: 1 },
      { tokens: ['c', 'd'], values: [3, 0], maxValueTokenIndex: 0 },
      { tokens: ['e'], values: [1, 2] },
      'x',
    ],
    pos_str: [' up'],
    neg_str: [' down'],
    frac_nonzero: 0.01,
    maxActApprox: 4,
    freq_hist_data_bar_heights: [3, 2, 1],
  };

  test('answers for one feature of a set', async () => {
    let body = '';
    answer = (request, response) => {
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.end(JSON.stringify([neuron])));
    };
    expect(await source().read({ layer: 3, feature: 12 })).toEqual({
      index: 12,
      examples_quantiles: [
        {
          quantile_name: 'Top activations',
          examples: [
            { tokens: ['c', 'd'], tokens_acts_list: [3, 0], train_token_ind: 0 },
            { tokens: ['a', 'b'], tokens_acts_list: [0.5, 1], train_token_ind: 1 },
          ],
        },
      ],
      top_logits: [' up'],
      bottom_logits: [' down'],
      act_min: 0,
      act_max: 4,
      histogram: [3, 2, 1],
      activation_frequency: 0.01,
    });
    expect(asked).toEqual(['POST /api/features']);
    expect(JSON.parse(body)).toEqual([{ modelId: 'gemma-2-2b', layer: '3-my-set', index: 12, maxActsToReturn: 20 }]);
  });

  test('that knows nothing, or little, or answers nonsense', async () => {
    answer = (_, response) => response.end('[]');
    expect(await source().read({ layer: 0, feature: 0 })).toBeUndefined();
    answer = (_, response) => response.end('[{}]');
    expect((await source().read({ layer: 0, feature: 0 }))?.examples_quantiles[0]?.examples).toEqual([]);
    for (const text of ['x', '{}']) {
      answer = (_, response) => response.end(text);
      await expectRejection(source().read({ layer: 0, feature: 0 }), 'ERR_FILE_FORMAT', /list of features/);
    }
    answer = (_, response) => response.writeHead(500).end();
    await expectRejection(source().read({ layer: 0, feature: 0 }), 'ERR_HUB', /HTTP status 500/);
  });

  test('is given up when the signal fires', async () => {
    const controller = new AbortController();
    answer = () => controller.abort();
    await expectRejection(source().read({ layer: 0, feature: 0 }, controller.signal), 'ABORT_ERR', /aborted/);
  });
});

test.each([
  ['', 'ERR_INVALID_ARGUMENT'],
  ['nothing', 'ERR_INVALID_ARGUMENT'],
  ['./nowhere', 'ERR_FILE_NOT_FOUND'],
  ['http://127.0.0.1:9/x', 'ERR_HUB'],
] as const)('%j is refused with %s', async (where, code) => {
  await expectRejection(openFeatureSource(where), code, /./);
});

test.each([
  [{ feature_details: { feature_json_base_url: 'https://x/y' }, scan: 'a' }, 'https://x/y'],
  [{ feature_details: { neuronpedia_source_set: 's' }, scan: 'm' }, 'https://www.neuronpedia.org/m/s'],
  [{ scan: 'org/set' }, 'org/set'],
  [{}, undefined],
])('%j names %s', (metadata, place) => {
  expect(locateFeatures(metadata)).toBe(place);
});

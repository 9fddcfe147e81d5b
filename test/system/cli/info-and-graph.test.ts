import { copyFileSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { type ChildResult, cliScript, runNode } from '../../support/child';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

const model = modelDir('gemma2');
const transcoders = transcoderDir('gemma2-clt-relu');
let folder: string;
let saved: string;
let summary: Record<string, unknown>;

const run = (...args: string[]) => runNode(cliScript, args);

async function successful(...args: string[]): Promise<string> {
  const result = await run(...args);
  if (result.code !== 0) throw new Error(`exit code ${result.code}:\n${result.stderr}`);
  return result.stdout;
}

function expectFailure({ code, stderr }: ChildResult, expectedCode: number, message: RegExp): void {
  expect(code).toBe(expectedCode);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at /);
}

beforeAll(async () => {
  folder = temporaryFolder();
  saved = path.join(folder, 'g.safetensors');
  const input = ['-m', model, '-t', transcoders, '-p', 'My sister keeps the letters', '--device', 'cpu'];
  const files = ['-o', saved, '--slug', 'first', '--graph_file_dir', folder];
  summary = JSON.parse(await successful('attribute', ...input, ...files, '--json'));
});

describe('info', () => {
  test('a graph that does not say what made it', async () => {
    const file = path.join(__dirname, '..', '..', 'integration', 'parity', 'pytorch', 'now.pt');
    expect(await successful('info', file)).toMatch(/model +tiny .*nodes +14\n.*made by +unknown/s);
  });

  test('a model', async () => {
    expect(await successful('info', model)).toMatch(/family +gemma2\n.*layers +4\n.*hooks +hook_embed/s);
    expect(JSON.parse(await successful('info', model, '--json'))).toMatchObject({
      kind: 'model',
      spec: { family: 'gemma2', nLayers: 4, dModel: 56, dVocab: 512 },
      // The embedding is tied: 512 x 56 once, and four blocks.
      parameters: 147896,
      dtypes: ['bfloat16'],
      bytes: 2 * 147896,
    });
  });

  test('describes transcoders', async () => {
    expect(await successful('info', transcoders)).toMatch(
      /cross-layer\n.*224 in each layer\n.*relu\n.*hook_resid_mid/s,
    );
  });

  test('a graph', async () => {
    const text = await successful('info', saved);
    expect(text).toMatch(/Graph <bos>My sister keeps the letters\n.*positions +8\n.*199 active, 199 selected/s);
  });

  test.each([
    ['model and transcoders', () => [model, transcoders]],
    ['in either order', () => [transcoders, model]],
    ['model and graph', () => [model, saved]],
    ['transcoders and graph', () => [saved, transcoders]],
  ])('what fits: %s', async (_, paths) => {
    expect(await successful('info', ...paths())).toMatch(/They match\.\n$/);
    expect(JSON.parse(await successful('info', ...paths(), '--json'))).toMatchObject({ fit: true, misfit: null });
  });

  test('estimates memory for loading and attribution', async () => {
    const text = await successful('info', model, transcoders, '--dtype', 'bf16', '--lazy-encoder');
    expect(text).toMatch(
      /Memory in bfloat16 on cpu\n.*weights .*model 29\d kB.*\n.*left in files .*encoders .*decoders /s,
    );
    expect(text).toMatch(/to load +at most \d+ MB\n +to attribute +at most \d+ MB.*\n.*a batch .*256 rows\n/s);
    expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    // House, section 0, D9.
    expect(await successful('info', model, transcoders, '--batch-size', 'auto')).toMatch(/a batch .* rows\n/);
    const flags = ['--json', '--no-lazy-decoder', '--prompt-tokens', '8', '--batch-size', '16'];
    expect(JSON.parse(await successful('info', model, transcoders, ...flags))).toMatchObject({
      memory: {
        dtype: 'float32',
        weights: { onDisk: { encoders: 0, decoders: 0 } },
        attribution: { tokens: 8, batchSize: 16, activeFeatures: 1600 },
        fits: true,
      },
    });
    expect(JSON.parse(await successful('info', saved, '--json')).memory).toBeUndefined();
  });

  test('more memory than the machine has', async () => {
    const flags = ['--prompt-tokens', '99999', '--max-feature-nodes', '9999999'];
    const text = await successful('info', model, transcoders, ...flags);
    expect(text).toMatch(/warning:\n +needs .*, more than the .* of this machine\. To\s+use\s+less,\s+add/s);
  });

  test('reports paths that do not match', async () => {
    expectFailure(await run('info', modelDir('gpt2'), transcoders), 1, /ERR_MODEL_MISMATCH/);
    expectFailure(await run('info', modelDir('llama'), saved), 1, /family gemma2, but the model has llama/);
    expectFailure(await run('info', model, modelDir('gpt2')), 2, /both|two of/i);
  });

  test('refuses paths that are none of these', async () => {
    expectFailure(await run('info', path.join(folder, 'nowhere')), 1, /nowhere.*ERR_FILE_NOT_FOUND/);
    expectFailure(await run('info', folder), 1, /config\.json.*config\.yaml/);
    expectFailure(await run('info', path.join(model, 'config.json')), 1, /config\.json/);
  });

  test('needs no LibTorch', async () => {
    const result = await runNode(cliScript, ['info', model, transcoders], { env: { LIBTORCH: '/nowhere' } });
    expect(result.code).toBe(0);
  });
});

describe('graph', () => {
  test('shows the summary the run gave', async () => {
    const again = JSON.parse(await successful('graph', saved, '--json'));
    expect(again).toEqual({ ...summary, files: { graph: saved, graphFile: null } });
    const text = await successful('graph', saved);
    expect(text).toMatch(/Outputs\n.*Top features.*Top edges.*Top paths.*Files\n/s);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('writes the graph files the run wrote', async () => {
    await successful('graph', saved, '--slug', 'second', '--graph_file_dir', folder);
    const read = (slug: string) => JSON.parse(readFileSync(path.join(folder, `${slug}.json`), 'utf8'));
    expect(read('second').nodes).toEqual(read('first').nodes);
    expect(read('second').links).toEqual(read('first').links);
    const { graphs } = read('graph-metadata');
    expect(graphs.map(({ slug }: { slug: string }) => slug)).toEqual(['first', 'second']);
  });

  test('keeps less at lower thresholds', async () => {
    const flags = ['--node_threshold', '0.4', '--edge_threshold', '0.5', '--json'];
    const { pruned } = JSON.parse(await successful('graph', saved, ...flags));
    const { features, edges } = summary.pruned as { features: number; edges: number };
    expect(pruned.features).toBeLessThan(features);
    expect(pruned.edges).toBeLessThan(edges);
  });

  test('a slug alone is a warning', async () => {
    const before = readdirSync(folder);
    const { code, stderr } = await run('graph', saved, '--slug', 'third');
    expect(code).toBe(0);
    expect(stderr).toMatch(/--slug was given without --graph-file-dir/);
    expect(readdirSync(folder)).toEqual(before);
  });

  test('a broken file', async () => {
    const broken = path.join(folder, 'broken.safetensors');
    copyFileSync(saved, broken);
    truncateSync(broken, 1000);
    expectFailure(await run('graph', broken), 1, /broken\.safetensors.*ERR_FILE_FORMAT/);
    expectFailure(await run('graph', path.join(folder, 'nowhere.safetensors')), 1, /ERR_FILE_NOT_FOUND/);
  });
});

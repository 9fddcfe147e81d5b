import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import { columns } from '../../../lib/cli/render/text';
import { cliScript, runNode } from '../../support/child';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

const input = ['--model', modelDir('llama'), '--transcoder_set', transcoderDir('llama-plt-relu-skip')];
const prompt = ['--prompt', 'She counted 12 baskets of salt'];

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runNode(cliScript, args);
  if (code !== 0) throw new Error(`exit code ${code}:\n${stderr}`);
  return stdout;
}

describe('circuit-tracer attribute --target', () => {
  async function targetsOf(...flags: string[]): Promise<Graph['logits']> {
    const file = path.join(temporaryFolder(), 'g.safetensors');
    await run('attribute', ...input, ...prompt, '-o', file, ...flags);
    return (await Graph.load(file)).logits;
  }

  test('explains tokens, differences and features, each as often as given', async () => {
    const tokens = ['--target', ' the', '--target', ' river'];
    const rest = [
      '--target-diff',
      ' the',
      ' river',
      '--target_feature',
      '2:11:105',
      '--target-diff',
      ' river',
      ' ferry',
    ];
    const targets = await targetsOf(...rest, ...tokens);
    expect(targets.slice(0, 2)).toMatchObject([
      { token: ' the', tokenId: 258 },
      { token: ' river', tokenId: 300 },
    ]);
    expect(targets.slice(2).map(({ token }) => token)).toEqual([
      expect.stringMatching(/ the.* river/),
      expect.stringMatching(/ river.* ferry/),
      expect.stringMatching(/105/),
    ]);
  });

  test.each([
    ['one token of a difference', ['--target-diff', ' the'], 2, /two tokens/],
    ['a malformed feature', ['--target-feature', '2:105'], 2, /LAYER:POSITION:FEATURE/],
    ['text of two tokens', ['--target', ' the river'], 2, / the.* river/],
  ])('refuses %s', async (_, flags, code, message) => {
    const output = path.join(temporaryFolder(), 'g.safetensors');
    const result = await runNode(cliScript, ['attribute', ...input, ...prompt, '-o', output, ...flags]);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
  });
});

describe('circuit-tracer verify', () => {
  const folder = temporaryFolder();
  const graph = path.join(folder, 'g.safetensors');
  beforeAll(() => run('attribute', ...input, ...prompt, '-o', graph));

  test('prints a table of at most 80 columns', async () => {
    const table = await run('verify', graph, ...input, '--samples', '12');
    expect(table).toMatch(/Verdict +passed/);
    for (const line of table.split('\n')) expect(columns(line)).toBeLessThanOrEqual(80);
  });

  test('--json prints the report, the same for the same seed', async () => {
    const args = ['verify', graph, ...input, '--samples', '8', '--seed', '4', '--json'];
    const [first, second] = [await run(...args), await run(...args)];
    expect(JSON.parse(first)).toMatchObject({ seed: 4, frozen: { passed: true }, free: { samples: 4 } });
    expect(JSON.parse(second).frozen.samples).toEqual(JSON.parse(first).frozen.samples);
  });

  test('exits 1 when the edges are not those of the transcoders given', async () => {
    const other = ['--model', modelDir('llama'), '--transcoder_set', transcoderDir('llama-clt-jumprelu')];
    const { code, stdout } = await runNode(cliScript, ['verify', graph, ...other, '--samples', '8']);
    expect({ code, failed: /FAILED/.test(stdout) }).toEqual({ code: 1, failed: true });
  });

  test('exits 1 on a graph of another model', async () => {
    const other = ['--model', modelDir('gpt2'), '--transcoder_set', transcoderDir('gpt2-plt-relu')];
    const { code, stderr } = await runNode(cliScript, ['verify', graph, ...other]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERR_MODEL_MISMATCH/);
  });
});

describe('circuit-tracer intervene', () => {
  const edit = ['--set', '1:-1:5=30', '--scale', '2:3..6:7=-2', '--add', '0:1,2:3=1'];

  test('prints both lists side by side in 80 columns', async () => {
    const lines = (await run('intervene', ...input, ...prompt, ...edit, '--top', '4')).split('\n');
    for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => line.match(/%/g)?.length === 2)).toHaveLength(4);
  });

  test('--json prints the interventions and their results', async () => {
    const result = JSON.parse(await run('intervene', ...input, ...prompt, ...edit, '--top', '2', '--json'));
    expect(result.interventions).toEqual([
      { layer: 1, position: -1, feature: 5, value: 30 },
      { layer: 2, position: { start: 3, stop: 6 }, feature: 7, scale: -2 },
      { layer: 0, position: [1, 2], feature: 3, add: 1 },
    ]);
    expect(result.before).toHaveLength(2);
    expect(result.after).not.toEqual(result.before);
  });

  test('takes a list from a file', async () => {
    const file = path.join(temporaryFolder(), 'edits.json');
    const entries = [{ layer: 1, position: -1, feature: 5, value: 30 }];
    writeFileSync(file, JSON.stringify(entries));
    const result = JSON.parse(await run('intervene', ...input, ...prompt, '--interventions', file, '--json'));
    expect(result.interventions).toEqual(entries);
  });

  test('scales groups of a page, and draws them', async () => {
    const folder = temporaryFolder();
    const page = `https://example.com/?supernodes=${encodeURIComponent('[["salt & more","1_144_11","2_115_11"],["rest","0_94_11"]]')}`;
    const [svg, html] = [path.join(folder, 'i.svg'), path.join(folder, 'i.html')];
    const written = ['--svg', svg, '--html', html, '--json'];
    const output = await run('intervene', ...input, ...prompt, '--page', page, '--group', 'salt & more=-2', ...written);
    expect(JSON.parse(output).interventions).toEqual([
      { layer: 1, position: 11, feature: 144, scale: -2 },
      { layer: 2, position: 11, feature: 115, scale: -2 },
    ]);
    expect(readFileSync(svg, 'utf8')).toMatch(/salt &amp; more.*-200%.*rest/s);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>.*With interventions/s);
  });

  test("a saved graph file's links are drawn between its groups", async () => {
    const folder = temporaryFolder();
    await run('attribute', ...input, ...prompt, '--slug', 'salt', '--graph-file-dir', folder);
    const file = path.join(folder, 'salt.json');
    const graph = JSON.parse(readFileSync(file, 'utf8'));
    const [source, target] = strongestFeatureLink(graph);
    graph.qParams.supernodes = [['from here', source]];
    graph.qParams.pinnedIds = [target];
    writeFileSync(file, JSON.stringify(graph));
    const svg = path.join(folder, 'i.svg');
    await run('intervene', ...input, ...prompt, '--page', file, '--group', 'from here=0', '--svg', svg);
    expect(readFileSync(svg, 'utf8').match(/class="edge[ "]/g)).toHaveLength(1);
  });

  test('--constrained-layers holds the MLP outputs of a range, or of all', async () => {
    const outputs = async (...flags: string[]) =>
      JSON.parse(await run('intervene', ...input, ...prompt, ...edit, ...flags, '--json')).after;
    const [free, some, all] = [
      await outputs(),
      await outputs('--constrained-layers', '1..3'),
      await outputs('--constrained_layers', 'all'),
    ];
    expect(some).not.toEqual(free);
    expect(all).not.toEqual(some);
    expect(await outputs('--constrained-layers', '0..')).toEqual(all);
  });

  test.each([
    ['a range of layers that is none', ['--set', '1:2:5=1', '--constrained-layers', '3-5'], /2\.\.5/],
    ['no intervention', [], /--set/],
    ['a malformed one', ['--set', '1:x:5=3'], /LAYER:POSITION:FEATURE/],
    ['a number that is none', ['--scale', '1:2:5=much'], /LAYER:POSITION:FEATURE/],
    ['a layer there is not', ['--set', '99:2:5=1'], /^error: --set 99:2:5=1: layer must/],
    ['a group without a page', ['--group', 'a=1'], /--page/],
    ['a group there is not', ['--page', '?pinnedIds=1_2_3', '--group', 'Utah=1'], /Utah.*1_2_3/],
  ])('exits 2 on %s', async (_, args, message) => {
    const { code, stdout, stderr } = await runNode(cliScript, ['intervene', ...input, ...prompt, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('circuit-tracer generate', () => {
  test('continues a prompt without interventions', async () => {
    expect(await run('generate', ...input, ...prompt)).toMatch(/^.*«.+»\n\n$/s);
    const { before, after } = JSON.parse(await run('generate', ...input, ...prompt, '--json'));
    expect(before.newTokens).toHaveLength(10);
    expect(after).toBeNull();
  });

  const edit = ['--set', '3:5..:9=25', '--max-new-tokens', '4'];

  test('prints both texts with the continuation marked', async () => {
    const text = await run('generate', ...input, ...prompt, ...edit);
    expect(text.match(/baskets of salt«.+»/g)).toHaveLength(2);
  });

  test('--json, with and without a cache, gives the same tokens', async () => {
    const args = ['generate', ...input, ...prompt, ...edit, '--no-freeze-attention', '--json'];
    const [cached, whole] = [JSON.parse(await run(...args)), JSON.parse(await run(...args, '--no-kv-cache'))];
    expect(cached.after.newTokens).toHaveLength(4);
    expect(whole).toEqual(cached);
  });

  test('a seed gives the same text twice', async () => {
    const args = ['generate', ...input, ...prompt, ...edit, '--temperature', '1.5', '--seed', '7', '--json'];
    expect(await run(...args)).toBe(await run(...args));
  });
});

describe('circuit-tracer with --messages', () => {
  const chatModel = temporaryFolder();
  const messages = path.join(temporaryFolder(), 'messages.json');
  beforeAll(() => {
    cpSync(modelDir('llama'), chatModel, { recursive: true });
    const template =
      '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}';
    writeFileSync(path.join(chatModel, 'chat_template.jinja'), template);
    writeFileSync(messages, JSON.stringify([{ role: 'user', content: 'She counted salt' }]));
  });
  const chat = () => [
    '--model',
    chatModel,
    '--transcoder_set',
    transcoderDir('llama-plt-relu-skip'),
    '--messages',
    messages,
  ];

  test("generates the answer of a conversation in the model's own template", async () => {
    const output = await run('generate', ...chat(), '--set', '3:5..:9=25', '--max-new-tokens', '2', '--json');
    expect(JSON.parse(output).prompt).toMatch(/user: She counted salt\nassistant:$/);
  });

  test('explains it', async () => {
    const file = path.join(temporaryFolder(), 'g.safetensors');
    await run('attribute', ...chat(), '-o', file);
    expect((await Graph.load(file)).prompt).toMatch(/user: She counted salt\nassistant:$/);
  });

  test('says so when the model has no template', async () => {
    const { code, stderr } = await runNode(cliScript, [
      'generate',
      ...input,
      '--messages',
      messages,
      '--set',
      '3:5..:9=25',
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/chat template/) });
  });
});

interface GraphFile {
  links: { source: string; target: string; weight: number }[];
  nodes: { node_id: string; feature_type: string }[];
}

function strongestFeatureLink({ links, nodes }: GraphFile): [string, string] {
  const features = new Set(
    nodes.filter((node) => node.feature_type === 'cross layer transcoder').map((node) => node.node_id),
  );
  const between = links.filter(({ source, target }) => features.has(source) && features.has(target));
  between.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const [strongest] = between;
  return [strongest?.source ?? '', strongest?.target ?? ''];
}

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import { otherOrder } from '../../support/bounds';
import { type ChildResult, cliScript, runNode } from '../../support/child';
import { expectClose, expectSameIntegers } from '../../support/compare';
import { caseNames, loadCase, modelDir, type ParityCase, transcoderDir } from '../../support/fixtures';
import { endsBeforeHalfTheJob } from '../../support/half-job';
import { temporaryFolder } from '../../support/temporary-folder';

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

/** The flags of the reference's own command, spelt as it spells them. */
function commandLine(parity: ParityCase, folder: string): string[] {
  const { text } = parity.request.prompt;
  const { max_n_logits, desired_logit_prob, batch_size } = parity.request.settings.attribution;
  return [
    ...['attribute', '--model', parity.modelDir, '--transcoder_set', parity.transcoderDir, '--prompt', text],
    ...['--max_n_logits', `${max_n_logits}`, '--desired_logit_prob', `${desired_logit_prob}`],
    ...['--batch_size', `${batch_size}`, '--device', 'cpu'],
    ...['--slug', 's', '--graph_file_dir', folder, '-o', path.join(folder, 'g.safetensors')],
  ];
}

function expectSuccess({ code, signal, stderr }: ChildResult): void {
  if (code !== 0) throw new Error(`exit code ${code}, signal ${signal}:\n${stderr}`);
}

describe.each(caseNames)('%s', (name) => {
  test('circuit-tracer attribute writes the expected graph', async () => {
    const parity = await loadCase(name);
    const folder = temporaryFolder();
    expectSuccess(await runNode(cliScript, commandLine(parity, folder)));
    expect(readdirSync(folder).sort()).toEqual(['g.safetensors', 'graph-metadata.json', 's.json']);

    const graph = await Graph.load(path.join(folder, 'g.safetensors'));
    expectSameIntegers('tokens', graph.tokens, parity.request.prompt.token_ids);
    expectSameIntegers('active features', graph.activeFeatures, parity.activeFeatures);
    expectClose('edges', graph.edges, parity.edges);

    const file = readJson(path.join(folder, 's.json'));
    const expected = parity.graphFile('graph') as { nodes: unknown[]; links: unknown[] };
    expect([file.nodes.length, file.links.length]).toEqual([expected.nodes.length, expected.links.length]);
    expect(readJson(path.join(folder, 'graph-metadata.json')).graphs).toEqual([file.metadata]);
  });
});

describe('circuit-tracer attribute', () => {
  const input = ['--model', modelDir('llama'), '--transcoder_set', transcoderDir('llama-plt-relu-skip')];
  const prompt = ['--prompt', 'She counted 12 baskets of salt'];

  test('--json prints one JSON object on standard output and nothing else there', async () => {
    const folder = temporaryFolder();
    const output = path.join(folder, 'g.safetensors');
    const result = await runNode(cliScript, ['attribute', ...input, ...prompt, '-o', output, '--json', '--verbose']);
    expectSuccess(result);
    expect(typeof JSON.parse(result.stdout)).toBe('object');
    expect(JSON.stringify(JSON.parse(result.stdout))).toContain('g.safetensors');
    expect(result.stderr).not.toBe('');
  });

  test('--tokens takes exact ids', async () => {
    const output = path.join(temporaryFolder(), 'g.safetensors');
    expectSuccess(await runNode(cliScript, ['attribute', ...input, '--tokens', '500,324,383', '-o', output]));
    expect([...(await Graph.load(output)).tokens]).toEqual([500, 324, 383]);
  });

  test('several devices and a batch size of its own choice give the same graph', async () => {
    const folder = temporaryFolder();
    const graphOf = async (name: string, flags: string[]) => {
      const output = path.join(folder, `${name}.safetensors`);
      expectSuccess(
        await runNode(cliScript, ['attribute', ...input, ...prompt, '--device', 'cpu', '-o', output, ...flags]),
      );
      return Graph.load(output);
    };
    const alone = await graphOf('alone', []);
    const shared = await graphOf('shared', ['--devices', 'cpu,cpu', '--batch-size', 'auto']);
    expectSameIntegers('selected features', shared.selectedFeatures, alone.selectedFeatures);
    expectClose('edges', shared.edges, alone.edges, otherOrder);
  });

  test.each([
    [['--devices', 'gpu'], 2, /one of auto, cpu, cuda/],
    [['--devices', 'cpu,cuda:99'], 1, /cuda:99.*ERR_DEVICE/],
    [['--batch-size', 'most'], 2, /a whole number from 1 to \d+, or auto; found "most"/],
  ])('%o is refused', async (flags, expected, message) => {
    const output = path.join(temporaryFolder(), 'g.safetensors');
    const { code, stderr } = await runNode(cliScript, ['attribute', ...input, ...prompt, '-o', output, ...flags]);
    expect([code, existsSync(output)]).toEqual([expected, false]);
    expect(stderr).toMatch(message);
  });

  test('in a pipe, says what it does in plain lines', async () => {
    const output = path.join(temporaryFolder(), 'g.safetensors');
    const result = await runNode(cliScript, ['attribute', ...input, ...prompt, '-o', output]);
    expectSuccess(result);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's escape codes are what must not be there
    expect(result.stdout + result.stderr).not.toMatch(/[\u001b\r]/);
    expect(result.stderr.split('\n').length).toBeGreaterThan(2);
  });

  test('into a reader that stops early', async () => {
    const output = path.join(temporaryFolder(), 'g.safetensors');
    const child = spawn(process.execPath, [cliScript, 'attribute', ...input, ...prompt, '-o', output]);
    child.stdout.destroy();
    child.stderr.destroy();
    const [code, signal] = await new Promise<unknown[]>((resolve) => child.on('close', (...ends) => resolve(ends)));
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(existsSync(output)).toBe(true);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s stops it at once, with nothing half-written', async (name) => {
    const folder = temporaryFolder();
    const tokens = Array.from({ length: 240 }, (_, i) => 3 + ((i * 37) % 490)).join(',');
    const output = ['--slug', 's', '--graph_file_dir', folder, '-o', path.join(folder, 'g.safetensors')];
    let sent = false;
    const args = ['attribute', ...input, '--tokens', tokens, '--batch_size', '1', '--threads', '1', ...output];
    const stopped = runNode(cliScript, args, {
      onOutput: (text, kill) => {
        if (sent || !/\d+ of \d{2,}/.test(text)) return;
        sent = true;
        kill(name);
      },
    });
    const { code, signal } = await endsBeforeHalfTheJob(stopped);
    expect({ code, signal }).toEqual({ code: name === 'SIGINT' ? 130 : 143, signal: null });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['no prompt', [...input], /prompt/],
    ['no output', [...input, ...prompt], /output|slug/],
    ['prompt and tokens', [...input, ...prompt, '--tokens', '1,2'], /tokens/],
    ['no model', [...input.slice(2), ...prompt, '-o', 'g.safetensors'], /--model/],
    [
      'a model of no known form',
      ['-m', 'nowhere', ...input.slice(2), ...prompt, '-o', 'g.safetensors'],
      /org\/repo.*nowhere/,
    ],
    ['an unknown flag', [...input, ...prompt, '--colour', 'red'], /colour/],
    ['a batch size of 0', [...input, ...prompt, '-o', 'g.safetensors', '--batch_size', '0'], /batch.size/],
    ['a threshold of 2', [...input, ...prompt, '-o', 'g.safetensors', '--node_threshold', '2'], /node.threshold/],
    ['an output of another type', [...input, ...prompt, '-o', 'g.docx'], /docx/],
  ])('exits 2 on wrong usage: %s', async (_, args, names) => {
    const { code, stdout, stderr } = await runNode(cliScript, ['attribute', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(names);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['a missing model', ['--model', './nowhere', ...input.slice(2), ...prompt], /nowhere/],
    ['a missing transcoder set', [...input.slice(0, 2), '--transcoder_set', './nowhere', ...prompt], /nowhere/],
    ['a token id out of range', [...input, '--tokens', '500,999'], /999/],
  ])("exits 1 on an input's fault: %s", async (_, args, names) => {
    const folder = temporaryFolder();
    const output = path.join(folder, 'g.safetensors');
    const { code, stdout, stderr } = await runNode(cliScript, ['attribute', ...args, '-o', output]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(names);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('exits 1 on a folder that is not there, before the work', async () => {
    const output = path.join(temporaryFolder(), 'nowhere', 'g.safetensors');
    const result = await runNode(cliScript, ['attribute', ...input, ...prompt, '-o', output]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/nowhere/);
    expect(existsSync(path.dirname(output))).toBe(false);
  });
});

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ChildResult, cliScript, runNode } from '../../support/child';
import { eventually } from '../../support/eventually';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { bodyOf, graphsFolder, json } from '../server/support/server';

const input = ['--model', modelDir('llama'), '--transcoder_set', transcoderDir('llama-plt-relu-skip')];

interface Visit {
  result: ChildResult;
  url: string;
}

/** Run a command until it prints the page's address, visit it, and stop the command with a signal. */
async function visit(
  args: string[],
  work: (url: string) => Promise<void>,
  signal: NodeJS.Signals = 'SIGINT',
  env?: Record<string, string>,
): Promise<Visit> {
  let url = '';
  let failure: unknown;
  const result = await runNode(cliScript, args, {
    ...(env && { env }),
    onOutput: (text, kill) => {
      const [found] = /http:\/\/\S+/.exec(text) ?? [];
      if (!found || url) return;
      url = found;
      work(found)
        .catch((error) => {
          failure = error;
        })
        .finally(() => kill(signal));
    },
  });
  if (failure) throw failure;
  if (!url) throw new Error(`no address: ${result.stdout}${result.stderr}`);
  return { result, url };
}

describe('circuit-tracer start-server', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('serves until %s', async (signal, code) => {
    const args = ['start-server', '--graph_file_dir', graphsFolder(), '--port', '0'];
    const { result, url } = await visit(
      args,
      async (address) => {
        const { graphs } = await bodyOf(await fetch(`${address}data/graph-metadata.json`));
        expect(graphs).toHaveLength(1);
        expect((await bodyOf(await fetch(`${address}api/status`))).model).toBeNull();
      },
      signal,
    );
    expect({ code: result.code, signal: result.signal, stderr: result.stderr }).toEqual({
      code,
      signal: null,
      stderr: '',
    });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(result.stdout).toContain('Press Ctrl-C to stop.');
  });

  test('with a model, steers; with features, shows them', async () => {
    const features = temporaryFolder();
    writeFileSync(path.join(features, '22.json'), '{"index": 1, "examples_quantiles": []}');
    const args = [
      'start-server',
      '--graph-file-dir',
      graphsFolder(),
      '--features_dir',
      features,
      '--port',
      '0',
      ...input,
    ];
    const { result } = await visit(args, async (url) => {
      const status = await bodyOf(await fetch(`${url}api/status`));
      expect(status).toMatchObject({ features: true, model: { name: 'llama', nLayers: 4 } });
      expect((await fetch(`${url}api/features/5/1`)).status).toBe(200);
      const steered = await fetch(
        `${url}api/steer`,
        json({ slug: 'salt', edits: [{ nodes: ['0_94_11'], factor: 0 }], maxNewTokens: 1 }),
      );
      expect((await bodyOf(steered)).after).toHaveLength(10);
    });
    expect(result.code).toBe(130);
  });

  test('with a token, prints the address that has it', async () => {
    const token = 'abcdefgh-IJKLMNOP_0123';
    const args = ['start-server', '--graph-file-dir', graphsFolder(), '--port', '0', '--token', token];
    const { url } = await visit(args, async (address) => {
      expect((await fetch(new URL('api/status', address))).status).toBe(401);
      expect((await fetch(new URL(`api/status?token=${token}`, address))).status).toBe(200);
    });
    expect(url).toMatch(/\?token=abcdefgh-IJKLMNOP_0123$/);
  });

  test.each([
    ['no folder', [], 2, /--graph-file-dir/],
    ['a folder there is not', ['--graph-file-dir', 'nowhere'], 1, /nowhere/],
    ['a port that is none', ['--graph-file-dir', '.', '--port', 'x'], 2, /port/],
    ['a token too short', ['--graph-file-dir', '.', '--token', 'x'], 2, /token/],
    ['features there are not', ['--graph-file-dir', '.', '--features-dir', 'nowhere'], 1, /nowhere/],
    ['a model without transcoders', ['--graph-file-dir', '.', '--model', 'x'], 2, /--transcoder-set/],
  ])('ends with a reason on %s', async (_, args, code, message) => {
    const result = await runNode(cliScript, ['start-server', ...args]);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
  });
});

describe('circuit-tracer attribute --server', () => {
  const prompt = ['--prompt', 'She counted 12 baskets of salt'];

  test('writes the graph, then shows and steers it', async () => {
    const folder = path.join(temporaryFolder(), 'graphs');
    const args = [
      'attribute',
      ...input,
      ...prompt,
      '--slug',
      'mine',
      '--graph_file_dir',
      folder,
      '--server',
      '--port',
      '0',
    ];
    const { result, url } = await visit(args, async (address) => {
      expect(new URL(address).searchParams.get('slug')).toBe('mine');
      const graph = await bodyOf(await fetch(new URL('data/mine.json', address)));
      const node = graph.nodes.find(({ activation }: { activation: number | null }) => activation !== null).node_id;
      const body = { slug: 'mine', edits: [{ nodes: [node], factor: 2 }], maxNewTokens: 1 };
      expect((await fetch(new URL('api/steer', address), json(body))).status).toBe(200);
    });
    expect(result.code).toBe(130);
    expect(result.stdout.indexOf('Files')).toBeLessThan(result.stdout.indexOf(url));
    expect(readdirSync(folder).sort()).toEqual(['graph-metadata.json', 'mine.json']);
  });

  test('--json leaves standard output to the summary', async () => {
    const folder = temporaryFolder();
    const files = ['--slug', 'mine', '--graph-file-dir', folder];
    const args = ['attribute', ...input, ...prompt, ...files, '--server', '--port', '0', '--json'];
    const { result, url } = await visit(args, async () => {});
    expect(JSON.parse(result.stdout).pruned.features).toBeGreaterThan(0);
    expect(result.stderr).toContain(url);
  });

  test('--open opens the address in a browser', async () => {
    if (process.platform !== 'linux') return;
    const folder = temporaryFolder();
    const [bin, opened] = [path.join(folder, 'bin'), path.join(folder, 'opened')];
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'xdg-open'), `#!/bin/sh\necho "$1" > ${opened}.tmp && mv ${opened}.tmp ${opened}\n`, {
      mode: 0o755,
    });
    const args = ['start-server', '--graph-file-dir', graphsFolder(), '--port', '0', '--open'];
    const waited = () => eventually(() => expect(readdirSync(folder)).toContain('opened'));
    await visit(args, waited, 'SIGINT', { PATH: `${bin}:${process.env.PATH}` });
  });

  test('says before the work that it could not be shown', async () => {
    const files = ['--slug', 'mine', '--graph-file-dir', temporaryFolder()];
    const args = ['attribute', ...input, ...prompt, ...files, '--server', '--port', '0', '--features-dir', 'nowhere'];
    const { code, stdout, stderr } = await runNode(cliScript, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: --features-dir.*nowhere/);
  });

  test('without graph files --server is refused', async () => {
    const args = ['attribute', ...input, ...prompt, '-o', 'g.safetensors', '--server'];
    const { code, stderr } = await runNode(cliScript, args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/--slug and --graph-file-dir/) });
  });
});

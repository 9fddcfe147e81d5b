import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cliScript } from '../../support/child';
import { eventually } from '../../support/eventually';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';
import { graphsFolder, graphText } from '../server/support/server';

// A device that every write to fails with ENOSPC.
const full = '/dev/full';
const testOnLinux = existsSync(full) ? test : test.skip;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A command whose standard output goes to a full disk. */
function withFullOutput(args: readonly string[]): Promise<Ended> {
  const output = openSync(full, 'w');
  const child = spawn(process.execPath, [cliScript, ...args], { stdio: ['ignore', output, 'pipe'] });
  closeSync(output);
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stderr })));
}

function expectOneError({ code, signal, stderr }: Ended): void {
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(stderr.match(/^error: .*/gm)).toEqual([
    'error: standard output: cannot be written: the disk is full. Free some space. (ERR_FILE_WRITE)',
  ]);
  expect(stderr).not.toMatch(/\n\s+at /);
}

// Field faults, section 6, H2, and section 5, d13.
testOnLinux.each([[['--help']], [['--version']], [['info', 'demo', '--json']], [['cache', 'ls']]])(
  'a result that a full disk takes none of is one line of error: %j',
  async (args) => expectOneError(await withFullOutput(args)),
);

testOnLinux('so is that of a long work, which is saved, and that of a look at it', async () => {
  const file = path.join(temporaryFolder(), 'g.safetensors');
  const input = ['-m', modelDir('llama'), '-t', transcoderDir('llama-plt-relu-skip'), '-p', 'She counted 12 baskets'];
  expectOneError(await withFullOutput(['attribute', ...input, '-o', file, '--json']));
  expectOneError(await withFullOutput(['graph', file]));
});

/** A folder whose list of graphs brings a line of the log each. */
function damagedFolder(): string {
  const folder = graphsFolder();
  for (let i = 0; i < 40; i++) writeFileSync(path.join(folder, `damaged-${i}.json`), graphText.slice(0, 2000));
  return folder;
}

async function addressOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  return eventually(() => /http:\/\/\S+\//.exec(text)?.[0] ?? Promise.reject(new Error(`no address: ${text}`)));
}

// Field faults, section 6, H2 and L14 (SIGXFSZ).
testOnLinux.each([
  ['on a full disk', 'exec "$@" 2>/dev/full'],
  ['beyond the size a file may have', 'ulimit -f 1; exec "$@" 2>"$LOG"'],
])('the server outlives a log %s', async (_, script) => {
  const args = ['start-server', '--graph-file-dir', damagedFolder(), '--port', '0'];
  const env = { ...process.env, LOG: path.join(temporaryFolder(), 'log') };
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, cliScript, ...args], { env });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  const url = await addressOf(child);
  for (let i = 0; i < 3; i++) {
    const { graphs, problems } = (await (await fetch(`${url}data/graph-metadata.json`)).json()) as Record<
      string,
      unknown[]
    >;
    expect([graphs?.length, problems?.length]).toEqual([1, 40]);
  }
  child.kill('SIGINT');
  expect(await ended).toEqual({ code: 130, signal: null });
});

// Field faults, section 6, H2.
testOnLinux('the server outlives an output on a full disk', async () => {
  const output = openSync(full, 'w');
  const args = ['start-server', '--graph-file-dir', graphsFolder(), '--port', '0'];
  const child = spawn(process.execPath, [cliScript, ...args], { stdio: ['ignore', output, 'pipe'] });
  closeSync(output);
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  await eventually(() => expect(stderr).toMatch(/^error: standard output/));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  child.kill('SIGINT');
  expect(await ended).toEqual({ code: 130, signal: null });
});

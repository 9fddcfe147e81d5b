import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');
const built = path.join(root, 'dist', 'index.js');
export const cliScript = path.join(root, 'dist', 'cli', 'main.js');

export interface ChildResult {
  /** null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  nodeArguments?: string[];
  /** Called with all that standard output and error hold so far, and how to send a signal. */
  onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  env?: Record<string, string>;
  timeoutSeconds?: number;
  /** Kills the process when it fires; the promise then rejects. */
  signal?: AbortSignal;
}

/** Run a script of the built package in a process of its own. */
export function runNode(script: string, args: string[] = [], options: ChildOptions = {}): Promise<ChildResult> {
  if (!existsSync(built)) throw new Error(`${built} is missing; build it first with npm run build:ts`);
  const { nodeArguments = [], onOutput, env, timeoutSeconds = 590, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeArguments, script, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      timeout: timeoutSeconds * 1000,
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    });
    let [stdout, stderr] = ['', ''];
    const report = () => onOutput?.(stdout + stderr, (signal) => child.kill(signal));
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      report();
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      report();
    });
    child.on('error', reject);
    child.on('close', (code, killedBy) => resolve({ code, signal: killedBy, stdout, stderr }));
  });
}

/** Run one of `test/system/lifecycle/scripts`. */
export function runLifecycleScript(name: string, args: string[] = [], options?: ChildOptions): Promise<ChildResult> {
  return runNode(path.join(root, 'test', 'system', 'lifecycle', 'scripts', `${name}.js`), args, options);
}

/** The process must have ended by itself, without a word on standard error. */
export function expectCleanExit({ code, signal, stderr }: ChildResult, expectedCode = 0): void {
  expect({ code, signal, stderr }).toEqual({ code: expectedCode, signal: null, stderr: '' });
}

import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { CallOptions } from '../call-options';
import { CircuitTracerError } from '../errors';
import { makeFolder } from '../io/files';
import { entryNames } from './archive';
import type { Environment } from './cache';
import { type Kind, pipRequests } from './sources';
import { UnavailableError } from './unavailable';

export interface PipOptions extends Pick<CallOptions, 'signal'> {
  /** The target folder of the wheels. */
  readonly folder: string;
  readonly kind: Kind;
  readonly env: Environment;
  /** Called with the bytes done so far and the total of the current wheel. Only newer pips report progress. */
  readonly onBytes?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Download the `torch` wheel with pip, which knows the user's mirrors, proxies and certificates and checks hashes.
 * NVIDIA's libraries are not part of a CUDA wheel, so their wheels are downloaded with it.
 *
 * @returns the paths of the wheels
 * @throws UnavailableError when pip is missing or finds no such wheel; CircuitTracerError `ABORT_ERR`.
 */
export async function downloadWheels(options: PipOptions): Promise<string[]> {
  const failures: string[] = [];
  for (const { requirement, index } of pipRequests(options.kind)) {
    const where = index ? ['--extra-index-url', index] : [];
    const failure = await pipDownload(options, [...where, '--no-deps', requirement]);
    if (failure !== undefined) {
      failures.push(`pip download ${requirement}: ${failure}`);
      continue;
    }
    const cuda = await hasCuda(await wheelsIn(options.folder));
    if (options.kind !== 'cpu' && !cuda) {
      failures.push(`pip download ${requirement}: the wheel does not support CUDA`);
      continue;
    }
    const dependencyFailure = cuda ? await pipDownload(options, [...where, requirement]) : undefined;
    if (dependencyFailure === undefined) return wheelsIn(options.folder);
    failures.push(`pip download ${requirement} with NVIDIA's libraries: ${dependencyFailure}`);
  }
  throw new UnavailableError(failures.join('\n'));
}

async function wheelsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  return names.map((name) => path.join(folder, name));
}

async function hasCuda(wheels: readonly string[]): Promise<boolean> {
  for (const wheel of wheels) {
    if ((await entryNames(wheel)).some((name) => /^torch\/lib\/(lib)?torch_cuda\./.test(name))) return true;
  }
  return false;
}

/** @returns the reason for a failure: the last lines of pip */
async function pipDownload(options: PipOptions, requirement: string[]): Promise<string | undefined> {
  const { folder, env, onBytes, signal } = options;
  // The temporary folder is beside the wheels, because pip's default is often a small file system in memory.
  const temporary = path.join(folder, 'tmp');
  await makeFolder(temporary);
  const bar = (await tellsProgress(env)) ? 'raw' : 'off';
  const args = ['-m', 'pip', '--no-input', '--disable-pip-version-check', 'download', '--only-binary=:all:'];
  args.push('--timeout=15', '--retries=2', `--progress-bar=${bar}`, `--dest=${folder}`);
  const onLine = (line: string) => {
    const progress = /^Progress (\d+) of (\d+)$/.exec(line);
    if (progress) onBytes?.(Number(progress[1]), Number(progress[2]));
  };
  const { code, lastLines } = await run(
    [...args, ...requirement],
    { ...env, TMPDIR: temporary, TEMP: temporary },
    onLine,
    signal,
  );
  return code === 0 ? undefined : lastLines;
}

/** Whether pip can report progress to programs, which pip 24.1 introduced. */
async function tellsProgress(env: Environment): Promise<boolean> {
  let version = 0;
  await run(['-m', 'pip', '--version'], env, (line) => {
    const match = /^pip (\d+)\.(\d+)/.exec(line);
    if (match) version = Number(match[1]) + Number(match[2]) / 100;
  });
  return version >= 24.01;
}

function run(
  args: string[],
  env: Environment,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<{ code: number; lastLines: string }> {
  const python = process.platform === 'win32' ? 'python' : 'python3';
  return new Promise((resolve, reject) => {
    let text = '';
    let pending = '';
    const child = spawn(python, args, { env: env as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'], signal });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (pending + chunk).split('\n');
      pending = lines.pop() ?? '';
      lines.forEach(onLine);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-2000);
    });
    child.on('error', (error) => {
      if (signal?.aborted) reject(new CircuitTracerError('ABORT_ERR', 'The download was cancelled.', { cause: error }));
      else resolve({ code: 1, lastLines: `${python} cannot be run: ${error.message}` });
    });
    child.on('close', (code) => resolve({ code: code ?? 1, lastLines: text.trim().split('\n').slice(-2).join(' ') }));
  });
}

import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { CallOptions } from '../call-options';
import { CircuitTracerError } from '../errors';
import { makeFolder } from '../io/files';
import { log } from '../log';
import { unpack } from './archive';
import { cacheDirectory, cachedFolder, cachedFolders, type Environment } from './cache';
import { download } from './download';
import { findLibTorch } from './find';
import { inspectFolder, type LibTorch, pinnedVersion } from './folder';
import { httpClient } from './http-client';
import { fetchIndexWheels } from './index-wheels';
import { exclusively } from './lock';
import { downloadWheels } from './pip';
import { archiveUrl, driverCuda, type Kind, kindsFor, type Variant } from './sources';
import { UnavailableError } from './unavailable';
import { glibcVersion } from './wheel-name';

export interface SetupOptions extends CallOptions {
  /** The variant to download. Default `auto`: CUDA if the machine has an NVIDIA device, otherwise CPU. */
  readonly variant?: Variant;
  /** Whether to download LibTorch even if it is already on this machine. Default false. */
  readonly force?: boolean;
  /**
   * The environment. `CIRCUIT_TRACER_LIBTORCH_URL` sets another archive to download, and
   * `CIRCUIT_TRACER_LIBTORCH_SHA256` its checksum. Default: that of the process.
   */
  readonly env?: Environment;
}

/** What a source fetched: an archive, and the sha256 of its files in base64 when they are known. */
interface Archive {
  readonly file: string;
  readonly hashes?: ReadonlyMap<string, string>;
}

interface Job extends Required<Pick<SetupOptions, 'env'>>, Pick<SetupOptions, 'onProgress' | 'signal'> {
  readonly kind: Kind;
  /** The folder for incomplete downloads. */
  readonly staging: string;
}

/**
 * Ensure that the pinned LibTorch is on this machine. It is found where the addon looks for it, or downloaded into the
 * per-user cache from the official archive, from a package index or through pip. Several processes may call this at once: one downloads, and
 * the others wait. A folder in the cache is always complete, because it is renamed into place at the end.
 *
 * @throws CircuitTracerError `ERR_LIBTORCH` when no source has the release, `ERR_FILE_WRITE`, `ERR_FILE_FORMAT`,
 * `ABORT_ERR`.
 */
export async function setupLibtorch(options: SetupOptions = {}): Promise<LibTorch> {
  const { variant = 'auto', force = false, onProgress, signal, env = process.env } = options;
  const present = force ? undefined : existing(variant, env);
  if (present) return present;
  const chosen = variant === 'auto' ? (driverCuda(env) ? 'cuda' : 'cpu') : variant;
  const kinds = kindsFor(chosen, env);
  if (kinds.length === 0) {
    throw new CircuitTracerError(
      'ERR_LIBTORCH',
      `LibTorch ${pinnedVersion} needs an NVIDIA driver for CUDA 12.6 or later, but this driver is older. Update the driver, or ` +
        'use the variant cpu.',
    );
  }
  if (!env.CIRCUIT_TRACER_LIBTORCH_URL) checkLibrary();
  const staging = path.join(cacheDirectory(env), `partial-${chosen}`);
  const onWait = () => onProgress?.({ phase: 'wait for another process', done: 0, total: 0 });
  return exclusively(
    `${staging}.lock`,
    async (lockSignal) => {
      // Another process may have downloaded it during the wait.
      const fetched = force ? undefined : existing(variant, env);
      return fetched ?? fetchFirst(kinds, { env, onProgress, signal: lockSignal, staging });
    },
    { onWait, signal },
  );
}

/** LibTorch's builds for Linux need the C library glibc. */
function checkLibrary(): void {
  if (process.platform !== 'linux' || glibcVersion()) return;
  throw new CircuitTracerError(
    'ERR_LIBTORCH',
    'LibTorch is built for Linux with glibc, but this system has another C library (musl, as on Alpine). Use a system ' +
      'such as Debian, or build LibTorch yourself and set LIBTORCH to its folder.',
  );
}

function existing(variant: Variant, env: Environment): LibTorch | undefined {
  const { found } = findLibTorch({ env });
  if (variant === 'auto') return found;
  const cached = cachedFolders(env).map(inspectFolder);
  return [found, ...cached].find(
    (candidate): candidate is LibTorch => typeof candidate === 'object' && candidate.cuda === (variant === 'cuda'),
  );
}

async function fetchFirst(kinds: readonly Kind[], job: Omit<Job, 'kind'>): Promise<LibTorch> {
  const failures: string[] = [];
  const sources = job.env.CIRCUIT_TRACER_LIBTORCH_URL ? [fetchArchive] : [fetchArchive, fetchFromIndex, fetchWithPip];
  for (const source of sources) {
    for (const kind of job.env.CIRCUIT_TRACER_LIBTORCH_URL ? kinds.slice(0, 1) : kinds) {
      try {
        const archives = await source({ ...job, kind });
        return await install(archives, { ...job, kind });
      } catch (error) {
        const { code } = error as CircuitTracerError;
        if (code === 'ERR_FILE_FORMAT') await rm(job.staging, { recursive: true, force: true });
        if (!(error instanceof UnavailableError)) throw error;
        log().info({ kind, reason: error.message }, 'LibTorch source not available');
        failures.push(error.message);
      }
    }
  }
  throw new CircuitTracerError(
    'ERR_LIBTORCH',
    [
      `LibTorch ${pinnedVersion} could not be downloaded. Tried:`,
      ...failures.flatMap((failure) => failure.split('\n')).map((line) => `  - ${line}`),
      'Do one of these:',
      `  1. Check the network. ${proxyAdvice(job.env)}`,
      '  2. set PIP_INDEX_URL to a package index that is reachable, or PIP_FIND_LINKS to a folder with the wheel of torch',
      '  3. unpack LibTorch yourself and set LIBTORCH to its folder',
      '  4. set CIRCUIT_TRACER_LIBTORCH_URL to the URL of an archive that is reachable',
    ].join('\n'),
  );
}

function proxyAdvice(env: Environment): string {
  const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
  const proxy = names.find((name) => env[name]);
  return proxy ? `Check the proxy that ${proxy} names, too` : 'If it has a proxy, name it in HTTPS_PROXY';
}

async function fetchArchive({ kind, env, staging, onProgress, signal }: Job): Promise<Archive[]> {
  const url = env.CIRCUIT_TRACER_LIBTORCH_URL || archiveUrl(kind);
  if (!url) throw new UnavailableError(`there is no LibTorch archive for ${process.platform}-${process.arch}`);
  const file = path.join(staging, `libtorch-${pinnedVersion}-${kind}.zip`);
  await makeFolder(staging);
  onProgress?.({ phase: 'download', done: 0, total: 0 });
  const onBytes = (done: number, total: number) => onProgress?.({ phase: 'download', done, total, unit: 'bytes' });
  await download({
    url,
    client: httpClient({ env }),
    file,
    sha256: env.CIRCUIT_TRACER_LIBTORCH_SHA256,
    onBytes,
    signal,
  });
  return [{ file }];
}

function fetchFromIndex({ staging, ...job }: Job): Promise<Archive[]> {
  return fetchIndexWheels({ ...job, folder: path.join(staging, 'index') });
}

async function fetchWithPip({ kind, env, staging, onProgress, signal }: Job): Promise<Archive[]> {
  const folder = path.join(staging, 'wheels');
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  onProgress?.({ phase: 'download with pip', done: 0, total: 0 });
  const onBytes = (done: number, total: number) =>
    onProgress?.({ phase: 'download with pip', done, total, unit: 'bytes' });
  const wheels = await downloadWheels({ folder, kind, env, onBytes, signal });
  return wheels.map((file) => ({ file }));
}

/** Unpack beside the final folder, check the result, and rename it into place. */
async function install(
  archives: readonly Archive[],
  { kind, env, staging, onProgress, signal }: Job,
): Promise<LibTorch> {
  const unpacked = path.join(staging, 'unpacked');
  await rm(unpacked, { recursive: true, force: true });
  for (const { file, hashes } of archives) {
    await unpack(file, unpacked, {
      ...(hashes && { hashes }),
      onBytes: (done, total) => onProgress?.({ phase: 'unpack', done, total, unit: 'bytes' }),
      signal,
    });
  }
  checkContents(
    unpacked,
    archives.map(({ file }) => file),
  );
  const target = cachedFolder(kind, env);
  await rename(target, path.join(staging, `replaced-${Date.now()}`)).catch(() => undefined);
  await rename(unpacked, target);
  await rm(staging, { recursive: true, force: true });
  return inspectFolder(target) as LibTorch;
}

function checkContents(folder: string, archives: readonly string[]): void {
  const result = inspectFolder(folder);
  const problem =
    typeof result === 'string'
      ? result
      : result.version !== pinnedVersion && `is version ${result.version}, not ${pinnedVersion}`;
  if (!problem) return;
  throw new CircuitTracerError('ERR_FILE_FORMAT', `The LibTorch unpacked from ${archives.join(', ')} ${problem}.`);
}

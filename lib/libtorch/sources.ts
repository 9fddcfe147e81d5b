import { spawnSync } from 'node:child_process';
import type { Environment } from './cache';
import { pinnedVersion } from './folder';

/** The requested variant. `auto` is CUDA if there is an NVIDIA driver, otherwise CPU. */
export type Variant = 'auto' | 'cpu' | 'cuda';

/** A build of LibTorch: `cpu`, or a CUDA release such as `cu130`. */
export type Kind = string;

export const variants: readonly Variant[] = ['auto', 'cpu', 'cuda'];

/** The CUDA releases that the pinned LibTorch is built for, newest first. */
const cudaKinds: readonly { kind: Kind; major: number; minor: number }[] = [
  { kind: 'cu132', major: 13, minor: 2 },
  { kind: 'cu130', major: 13, minor: 0 },
  { kind: 'cu126', major: 12, minor: 6 },
];

/** The newest CUDA release that this machine's NVIDIA driver supports, if there is a driver with a device. */
export function driverCuda(env: Environment = process.env): { major: number; minor: number } | undefined {
  const options = { encoding: 'utf8', env: env as NodeJS.ProcessEnv, timeout: 10_000, windowsHide: true } as const;
  const listed = spawnSync('nvidia-smi', ['-L'], options);
  if (listed.status !== 0 || !/^GPU \d/m.test(listed.stdout)) return undefined;
  const match = /CUDA (?:UMD )?Version\s*:\s*(\d+)\.(\d+)/.exec(spawnSync('nvidia-smi', [], options).stdout ?? '');
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

/**
 * The builds to try for a variant, best first. A driver supports every CUDA release of its own major version up to its
 * own minor version, and all releases of older major versions. Without a driver (an image built elsewhere), the oldest
 * release is the safest.
 */
export function kindsFor(variant: 'cpu' | 'cuda', env: Environment = process.env): Kind[] {
  if (variant === 'cpu') return ['cpu'];
  const driver = driverCuda(env);
  if (!driver) return ['cu126'];
  return cudaKinds
    .filter(({ major, minor }) => major < driver.major || (major === driver.major && minor <= driver.minor))
    .map(({ kind }) => kind);
}

/** The URL of the official archive of a build, if the PyTorch project provides one for this platform. */
export function archiveUrl(kind: Kind, platform = process.platform, arch: string = process.arch): string | undefined {
  const base = `https://download.pytorch.org/libtorch/${kind}`;
  if (platform === 'linux' && arch === 'x64') return `${base}/libtorch-shared-with-deps-${pinnedVersion}%2B${kind}.zip`;
  if (platform === 'win32' && arch === 'x64') {
    return `${base}/libtorch-win-shared-with-deps-${pinnedVersion}%2B${kind}.zip`;
  }
  if (platform === 'darwin' && arch === 'arm64' && kind === 'cpu') {
    return `${base}/libtorch-macos-arm64-${pinnedVersion}.zip`;
  }
  return undefined;
}

/**
 * The pip requirements to try, best first. The plain version is whatever PyPI or the user's own index has for the
 * platform.
 */
export function pipRequests(kind: Kind): { requirement: string; index?: string }[] {
  const plain = { requirement: `torch==${pinnedVersion}` };
  if (process.platform === 'darwin') return [plain];
  const index = `https://download.pytorch.org/whl/${kind}`;
  return [{ requirement: `torch==${pinnedVersion}+${kind}`, index }, plain];
}

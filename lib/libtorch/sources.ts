import { spawnSync } from 'node:child_process';
import type { Environment } from './cache';
import { pinnedVersion } from './folder';

/** What the caller asks for; `auto` = CUDA where there is an NVIDIA driver, else CPU. */
export type Variant = 'auto' | 'cpu' | 'cuda';

/** One build of LibTorch: `cpu`, or a release of CUDA as in `cu130`. */
export type Kind = string;

export const variants: readonly Variant[] = ['auto', 'cpu', 'cuda'];

/** Releases of CUDA the pinned LibTorch comes for, newest first. */
const cudaKinds: readonly { kind: Kind; major: number; minor: number }[] = [
  { kind: 'cu132', major: 13, minor: 2 },
  { kind: 'cu130', major: 13, minor: 0 },
  { kind: 'cu126', major: 12, minor: 6 },
];

/** The newest CUDA the NVIDIA driver of this machine runs, if there is a driver with a device. */
export function driverCuda(env: Environment = process.env): { major: number; minor: number } | undefined {
  const options = { encoding: 'utf8', env: env as NodeJS.ProcessEnv, timeout: 10_000, windowsHide: true } as const;
  const listed = spawnSync('nvidia-smi', ['-L'], options);
  if (listed.status !== 0 || !/^GPU \d/m.test(listed.stdout)) return undefined;
  const match = /CUDA (?:UMD )?Version\s*:\s*(\d+)\.(\d+)/.exec(spawnSync('nvidia-smi', [], options).stdout ?? '');
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

/**
 * Builds to try for a variant, best first. A driver runs every CUDA of its own major release up to its own minor, and all
 * of older major releases; without a driver to ask (an image built elsewhere) the oldest is the safest.
 */
export function kindsFor(variant: 'cpu' | 'cuda', env: Environment = process.env): Kind[] {
  if (variant === 'cpu') return ['cpu'];
  const driver = driverCuda(env);
  if (!driver) return ['cu126'];
  return cudaKinds
    .filter(({ major, minor }) => major < driver.major || (major === driver.major && minor <= driver.minor))
    .map(({ kind }) => kind);
}

/** Address of the official archive of a build, where the PyTorch project makes one for this platform. */
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

/** What to ask pip for, best first; the plain version is whatever PyPI or the user's own index has for the platform. */
export function pipRequests(kind: Kind): { requirement: string; index?: string }[] {
  const plain = { requirement: `torch==${pinnedVersion}` };
  if (process.platform === 'darwin') return [plain];
  const index = `https://download.pytorch.org/whl/${kind}`;
  return [{ requirement: `torch==${pinnedVersion}+${kind}`, index }, plain];
}

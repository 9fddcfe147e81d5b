import os from 'node:os';

/** What the name of a wheel says. */
export interface WheelName {
  /** The project, normalized: `nvidia-cudnn-cu13`. */
  readonly project: string;
  /** The version with its local part: `2.13.0+cpu`. */
  readonly version: string;
  readonly python: string;
  readonly abi: string;
  readonly platforms: readonly string[];
}

/** A machine that wheels are chosen for. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** The versions of glibc (Linux) or macOS. Undefined for a Linux with another C library, such as musl. */
  readonly release?: readonly [number, number];
}

/** Read the name of a wheel. Undefined when it is none. */
export function parseWheelName(name: string): WheelName | undefined {
  const match = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-([^-]+)-([^-]+)-([^-]+)\.whl$/i.exec(name);
  if (!match) return undefined;
  const [, project = '', version = '', python = '', abi = '', platforms = ''] = match;
  return { project: normalized(project), version: version.toLowerCase(), python, abi, platforms: platforms.split('.') };
}

/** The name of a project as indexes list it. */
export function normalized(project: string): string {
  return project.toLowerCase().replace(/[-_.]+/g, '-');
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const { platform, arch } = process;
  const release = platform === 'linux' ? glibcVersion() : platform === 'darwin' ? macVersion() : undefined;
  return { platform, arch, ...(release && { release }) };
}

/** Whether the libraries of a wheel run on a machine. Python's part of the name does not matter to them. */
export function fitsMachine({ platforms }: WheelName, machine: Machine): boolean {
  return platforms.some((tag) => tag === 'any' || fitsTag(tag, machine));
}

const linuxNames: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };
const windowsNames: Record<string, string> = { x64: 'win_amd64', arm64: 'win_arm64' };
const macNames: Record<string, string> = { x64: 'x86_64', arm64: 'arm64' };

/** The older names of manylinux tags with the glibc they mean. */
const namedLinux: Record<string, string> = {
  manylinux1: 'manylinux_2_5',
  manylinux2010: 'manylinux_2_12',
  manylinux2014: 'manylinux_2_17',
};

function fitsTag(tag: string, { platform, arch, release }: Machine): boolean {
  if (platform === 'win32') return tag === windowsNames[arch];
  if (platform === 'darwin') {
    const [, major, minor, kind] = /^macosx_(\d+)_(\d+)_(.+)$/.exec(tag) ?? [];
    return (kind === macNames[arch] || kind === 'universal2') && isAtMost(major, minor, release);
  }
  if (platform !== 'linux' || !release) return false;
  if (tag === `linux_${linuxNames[arch]}`) return true;
  const modern = tag.replace(/^manylinux\d+(?=_)/, (name) => namedLinux[name] ?? name);
  const [, major, minor, kind] = /^manylinux_(\d+)_(\d+)_(.+)$/.exec(modern) ?? [];
  return kind === linuxNames[arch] && isAtMost(major, minor, release);
}

function isAtMost(major: string | undefined, minor: string | undefined, release: Machine['release']): boolean {
  if (!release || !major || !minor) return false;
  return Number(major) < release[0] || (Number(major) === release[0] && Number(minor) <= release[1]);
}

/** The version of glibc, undefined on a system with another C library. */
export function glibcVersion(): readonly [number, number] | undefined {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const [major, minor] = header.glibcVersionRuntime?.split('.').map(Number) ?? [];
  return major && minor ? [major, minor] : undefined;
}

/** The version of macOS, from that of its kernel: Darwin 24 is macOS 15, and Darwin 25 is macOS 26. */
function macVersion(): readonly [number, number] {
  const darwin = Number.parseInt(os.release(), 10);
  return [darwin >= 25 ? darwin + 1 : darwin - 9, 99];
}

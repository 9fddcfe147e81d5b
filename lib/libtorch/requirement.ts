import type { Machine } from './wheel-name';
import { normalized } from './wheel-name';

/** A dependency of a wheel, as `Requires-Dist` in its METADATA states it. */
export interface Requirement {
  readonly project: string;
  readonly extras: readonly string[];
  /** Conditions such as `==13.0.*` and `<14`. */
  readonly versions: readonly string[];
  readonly marker: string;
}

/** The dependencies that a wheel's METADATA lists for a machine, given the extras asked for. */
export function requirementsIn(metadata: string, machine: Machine, extras: readonly string[] = []): Requirement[] {
  const head = metadata.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const all = [...head.matchAll(/^Requires-Dist:\s*(.+?)\s*$/gim)].map(([, text = '']) => parseRequirement(text));
  const asked = ['', ...extras];
  return all.filter(
    (found): found is Requirement => found !== undefined && asked.some((extra) => holds(found.marker, machine, extra)),
  );
}

/** Read a requirement (PEP 508). Undefined for one that names an address instead of versions. */
export function parseRequirement(text: string): Requirement | undefined {
  const [, project, extras = '', rest = '', marker = ''] =
    /^([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*([^;]*)(?:;(.*))?$/.exec(text) ?? [];
  if (!project || rest.startsWith('@')) return undefined;
  const list = (given: string) => given.split(',').map((item) => item.trim());
  return {
    project: normalized(project),
    extras: list(extras).filter(Boolean).map(normalized),
    versions: list(rest.replace(/[()]/g, '')).filter(Boolean),
    marker: marker.trim(),
  };
}

/** Whether a version meets every condition. Versions before a release are met only by name. */
export function meets(version: string, conditions: readonly string[]): boolean {
  if (conditions.some((condition) => condition === `==${version}` || condition === `===${version}`)) return true;
  if (/[a-z]/.test(version.replace(/\+.*$/, '').replace(/\.post\d+$/, ''))) return false;
  return conditions.every((condition) => meetsOne(version, condition));
}

function meetsOne(version: string, condition: string): boolean {
  const [, operator = '', wanted = ''] = /^(===|==|!=|<=|>=|~=|<|>)\s*(\S+)$/.exec(condition) ?? [];
  if (operator === '~=') {
    const prefix = wanted.split('.').slice(0, -1).join('.');
    return compareVersions(version, wanted) >= 0 && isBelow(version, prefix);
  }
  const isSame = wanted.endsWith('.*')
    ? isBelow(version, wanted.slice(0, -2))
    : compareVersions(wanted.includes('+') ? version : version.replace(/\+.*$/, ''), wanted) === 0;
  if (operator === '==' || operator === '===') return isSame;
  if (operator === '!=') return !isSame;
  const order = compareVersions(version.replace(/\+.*$/, ''), wanted);
  return { '<': order < 0, '>': order > 0, '<=': order <= 0, '>=': order >= 0 }[operator] ?? false;
}

/** Whether a version begins with the numbers of a prefix. */
function isBelow(version: string, prefix: string): boolean {
  const wanted = prefix.split('.').map(Number);
  const numbers = numbersOf(version);
  return wanted.every((number, i) => number === (numbers[i] ?? 0));
}

/** Negative when version `a` is older than `b`. Parts after a `+` count only where the numbers are the same. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const [localA = '', localB = ''] = [a.split('+')[1], b.split('+')[1]];
  return localA === localB ? 0 : localA < localB ? -1 : 1;
}

function numbersOf(version: string): number[] {
  return (version.split('+')[0] ?? '').split('.').map((part) => Number.parseInt(part.replace(/^post/, ''), 10) || 0);
}

const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'Linux', darwin: 'Darwin', win32: 'Windows' };
const names: Record<string, readonly [string, string]> = { x64: ['x86_64', 'AMD64'], arm64: ['aarch64', 'ARM64'] };

/** The values of a marker's variables. The Python is any recent one, because the libraries do not depend on it. */
function variables({ platform, arch }: Machine, extra: string): Record<string, string> {
  const [unixName, windowsName] = names[arch] ?? [arch, arch];
  const machine = platform === 'win32' ? windowsName : platform === 'darwin' && arch === 'arm64' ? 'arm64' : unixName;
  return {
    sys_platform: platform,
    platform_system: systems[platform] ?? '',
    platform_machine: machine,
    os_name: platform === 'win32' ? 'nt' : 'posix',
    python_version: '3.12',
    python_full_version: '3.12.0',
    implementation_name: 'cpython',
    platform_python_implementation: 'CPython',
    extra,
  };
}

/** Whether a marker (PEP 508) holds on a machine. One that cannot be read does not. */
export function holds(marker: string, machine: Machine, extra = ''): boolean {
  if (!marker) return true;
  const tokens = marker.match(/'[^']*'|"[^"]*"|[()]|[<>=!~]+|[\w.]+/g) ?? [];
  return new MarkerReader(tokens, variables(machine, extra)).read();
}

/** Reads `or` of `and` of comparisons, with brackets. */
class MarkerReader {
  #at = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly values: Readonly<Record<string, string>>,
  ) {}

  read(): boolean {
    const result = this.#either();
    return result && this.#at === this.tokens.length;
  }

  #either(): boolean {
    let result = this.#both();
    while (this.#takes('or')) result = this.#both() || result;
    return result;
  }

  #both(): boolean {
    let result = this.#single();
    while (this.#takes('and')) result = this.#single() && result;
    return result;
  }

  #single(): boolean {
    if (this.#takes('(')) {
      const result = this.#either();
      return this.#takes(')') && result;
    }
    const left = this.#value();
    const operator = this.#takes('not') ? `not ${this.tokens[this.#at++]}` : this.tokens[this.#at++];
    return compare(left, operator ?? '', this.#value());
  }

  #takes(token: string): boolean {
    if (this.tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #value(): string {
    const token = this.tokens[this.#at++] ?? '';
    return /^['"]/.test(token) ? token.slice(1, -1) : (this.values[token] ?? '');
  }
}

function compare(left: string, operator: string, right: string): boolean {
  if (operator === 'in') return right.includes(left);
  if (operator === 'not in') return !right.includes(left);
  if (/^\d/.test(left) && /^\d/.test(right)) return meetsOne(left, operator + right);
  return operator === '==' ? left === right : operator === '!=' && left !== right;
}

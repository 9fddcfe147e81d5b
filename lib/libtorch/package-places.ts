import type { Environment } from './cache';
import { type HttpClient, httpClient, isTrusted, withoutCredentials } from './http-client';
import { inHome, type PipSettings, pipSettings } from './pip-config';
import { compareVersions, meets } from './requirement';
import { type IndexFile, listFiles, type Place } from './simple-index';
import { UnavailableError } from './unavailable';
import { fitsMachine, type Machine, parseWheelName, type WheelName } from './wheel-name';

/** A wheel that a place lists. */
export interface ListedWheel extends IndexFile {
  readonly wheel: WheelName;
}

export interface Wanted {
  readonly project: string;
  /** Conditions such as `==2.13.0`. */
  readonly versions: readonly string[];
  /** The accepted local version, such as `cpu`, besides none. Default: any. */
  readonly local?: string;
  /** An index to ask after the user's own. */
  readonly index?: string | undefined;
}

/** The places where pip is configured to look for packages. Each is asked once for a project. */
export class PackagePlaces {
  readonly client: HttpClient;
  readonly #settings: PipSettings;
  readonly #listed = new Map<string, Promise<IndexFile[]>>();

  /** @throws UnavailableError when the configured certificates cannot be read. */
  constructor(
    env: Environment,
    private readonly machine: Machine,
    private readonly signal?: AbortSignal,
  ) {
    this.#settings = pipSettings(env);
    this.#settings = {
      ...this.#settings,
      findLinks: this.#settings.findLinks.map((given) => inHome(given, env)),
    };
    this.client = httpClient({ env, ...this.#settings });
  }

  /**
   * The best wheel of the first place that has one for this machine.
   *
   * @throws UnavailableError with a line for each place without one; CircuitTracerError `ABORT_ERR`.
   */
  async find(wanted: Wanted): Promise<ListedWheel> {
    const failures: string[] = [];
    for (const place of this.#places(wanted.index)) {
      try {
        const found = best(this.#chosen(await this.#list(place, wanted.project), wanted));
        if (found) return found;
        failures.push(`${shownPlace(place)}: ${await this.#lack(place, wanted)}`);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        failures.push(error.message);
      }
    }
    if (failures.length === 0) failures.push('pip is configured with no-index, and has no find-links');
    throw new UnavailableError(failures.join('\n'));
  }

  /** Whether what this address sends cannot be altered on its way: encrypted, on this machine, or trusted by the user. */
  isSafe(address: string): boolean {
    const url = new URL(address);
    const isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
    return url.protocol !== 'http:' || isLocal || isTrusted(url, this.#settings.trustedHosts);
  }

  #places(more: string | undefined): Place[] {
    const { findLinks, indexes } = this.#settings;
    const all = more && indexes.length > 0 ? [...indexes, more] : indexes;
    return [
      ...findLinks.map((location) => ({ location, isIndex: false })),
      ...all.map((location) => ({ location, isIndex: true })),
    ];
  }

  async #list(place: Place, project: string): Promise<IndexFile[]> {
    if (URL.canParse(place.location) && !this.isSafe(place.location)) {
      throw new UnavailableError(
        `${shownPlace(place)} is not encrypted. Use https, or name its host in PIP_TRUSTED_HOST`,
      );
    }
    const key = `${place.location} ${place.isIndex ? project : ''}`;
    const listed = this.#listed.get(key) ?? listFiles(place, project, { client: this.client, signal: this.signal });
    this.#listed.set(key, listed);
    return listed;
  }

  #chosen(files: readonly IndexFile[], wanted: Wanted): ListedWheel[] {
    return ofVersion(files, wanted).filter(({ wheel }) => fitsMachine(wheel, this.machine));
  }

  /** Why a place has no such wheel. */
  async #lack(place: Place, wanted: Wanted): Promise<string> {
    const { project, versions } = wanted;
    const others = ofVersion(await this.#list(place, project), wanted);
    if (others.length === 0) return `no wheel of ${project}${versions.join(',')}`;
    const platforms = [...new Set(others.flatMap(({ wheel }) => wheel.platforms))].slice(0, 6).join(', ');
    const { platform, arch } = this.machine;
    return `${project}${versions.join(',')} only for ${platforms}, not for ${platform}-${arch}`;
  }
}

function ofVersion(files: readonly IndexFile[], { project, versions, local }: Wanted): ListedWheel[] {
  return files.flatMap((file) => {
    const wheel = parseWheelName(file.name);
    if (wheel?.project !== project || !meets(wheel.version, versions)) return [];
    const found = wheel.version.split('+')[1];
    return local === undefined || found === undefined || found === local ? [{ ...file, wheel }] : [];
  });
}

/** The newest wheel. Of several for different Pythons it is always the same one, so that a download can be resumed. */
function best(wheels: readonly ListedWheel[]): ListedWheel | undefined {
  const rank = ({ wheel }: ListedWheel) => Number(/t$/.test(wheel.abi));
  return [...wheels].sort(
    (a, b) =>
      Number(a.isYanked) - Number(b.isYanked) ||
      compareVersions(b.wheel.version, a.wheel.version) ||
      rank(a) - rank(b) ||
      (a.name < b.name ? -1 : 1),
  )[0];
}

function shownPlace({ location }: Place): string {
  return withoutCredentials(location);
}

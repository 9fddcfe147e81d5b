import type { CallOptions } from '../call-options';
import { targetOf } from './archive';
import type { Environment } from './cache';
import { type FetchedWheel, fetchWheel } from './fetch-wheel';
import { PackagePlaces } from './package-places';
import { parseRequirement, type Requirement, requirementsIn } from './requirement';
import { type Kind, pipRequests } from './sources';
import { UnavailableError } from './unavailable';
import { type Machine, thisMachine } from './wheel-name';

export interface IndexOptions extends CallOptions {
  /** The folder for wheels. Those of an interrupted run are used. */
  readonly folder: string;
  readonly kind: Kind;
  readonly env: Environment;
}

/** A wheel to unpack, and the sha256 of its files in base64. */
export interface WheelArchive {
  readonly file: string;
  readonly hashes: ReadonlyMap<string, string>;
}

/**
 * Fetch the `torch` wheel from the package indexes that pip is configured with, without Python. NVIDIA's libraries are
 * not part of a CUDA wheel for Linux, so their wheels are fetched with it.
 *
 * @throws UnavailableError when no index has such a wheel; CircuitTracerError as {@link fetchWheel}.
 */
export async function fetchIndexWheels(options: IndexOptions): Promise<WheelArchive[]> {
  const machine = thisMachine();
  const places = new PackagePlaces(options.env, machine, options.signal);
  const failures = new Set<string>();
  for (const { requirement, index } of pipRequests(options.kind)) {
    const torch = parseRequirement(requirement) as Requirement;
    try {
      const wheels = await new WheelSet(options, places, machine, index).fetch(torch);
      return wheels.map(({ file, info }) => ({ file, hashes: info.hashes }));
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      for (const line of error.message.split('\n')) failures.add(line);
    }
  }
  throw new UnavailableError([...failures].join('\n'));
}

/** The `torch` wheel with those of the NVIDIA libraries that it needs. */
class WheelSet {
  readonly #wheels: FetchedWheel[] = [];
  readonly #seen = new Set<string>();

  constructor(
    private readonly options: IndexOptions,
    private readonly places: PackagePlaces,
    private readonly machine: Machine,
    private readonly index: string | undefined,
  ) {}

  async fetch(torch: Requirement): Promise<readonly FetchedWheel[]> {
    const { info } = await this.#add(torch, this.options.kind);
    if (!info.names.some(isCudaLibrary)) return this.#wheels;
    const waiting = this.#nvidia(info.metadata, []);
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (this.#seen.has(next.project)) continue;
      const { info: found } = await this.#add(next);
      waiting.push(...this.#nvidia(found.metadata, next.extras));
    }
    return this.#wheels.filter((wheel) => wheel.info.names.some((name) => targetOf(name) !== undefined));
  }

  async #add({ project, versions }: Requirement, local?: Kind): Promise<FetchedWheel> {
    const { folder, onProgress, signal } = this.options;
    this.#seen.add(project);
    const phase = `download ${project}`;
    onProgress?.({ phase, done: 0, total: 0 });
    const listed = await this.places.find({ project, versions, index: this.index, ...(local && { local }) });
    const onBytes = (done: number, total: number) => onProgress?.({ phase, done, total, unit: 'bytes' });
    const check = (names: readonly string[]) => {
      if (!local || local === 'cpu' || names.some(isCudaLibrary)) return;
      throw new UnavailableError(`${listed.name} does not support CUDA`);
    };
    const wheel = await fetchWheel(listed, { folder, places: this.places, onBytes, check, ...(signal && { signal }) });
    this.#wheels.push(wheel);
    return wheel;
  }

  #nvidia(metadata: Buffer, extras: readonly string[]): Requirement[] {
    const all = requirementsIn(metadata.toString('utf8'), this.machine, extras);
    return all.filter(({ project }) => /^(nvidia-|cuda-toolkit$)/.test(project));
  }
}

function isCudaLibrary(name: string): boolean {
  return /^torch\/lib\/(lib)?torch_cuda\./.test(name);
}

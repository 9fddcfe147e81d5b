import { type CallOptions, callOptions } from '../call-options';
import { defineOptions, resolveOptions } from '../options';
import type { ProgressListener } from '../progress';
import { HubClient } from './client';
import { fetchFiles, type NeededFiles } from './download';
import type { HubReference } from './reference';
import { notInCache, Repository } from './repository';
import { type HubOptions, hubOptions, hubSettings } from './settings';

const fetchOptions = defineOptions({ ...hubOptions, ...callOptions });

/** Options of everything that may fetch. */
export interface FetchOptions extends HubOptions, CallOptions {}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value of the wrong type. */
export function checkFetchOptions(options: FetchOptions = {}): FetchOptions {
  return resolveOptions(fetchOptions, options);
}

/** What is to be in the cache for one purpose, and the result once it is there. */
export interface FetchPlan<T> {
  readonly needed: readonly NeededFiles[];
  readonly result: T;
}

/** Finds out what a purpose needs of a repository, reading small files of it on the way. */
export type Planner<T> = (hub: Hub, repository: Repository) => Promise<FetchPlan<T>>;

/** The hub and the cache before it. */
export class Hub {
  private constructor(
    readonly client: HubClient,
    readonly onProgress: ProgressListener | undefined,
  ) {}

  static async open({ signal, onProgress, ...options }: FetchOptions = {}): Promise<Hub> {
    return new Hub(new HubClient(await hubSettings(options), signal), onProgress);
  }

  /** Plan, then fetch what isn't there. */
  async obtain<T>(reference: HubReference, planner: Planner<T>): Promise<T> {
    return this.fetch(await this.plan(reference, planner));
  }

  /** Fetch what a plan needs and isn't there. */
  async fetch<T>({ needed, result }: FetchPlan<T>): Promise<T> {
    await fetchFiles(needed, this.onProgress);
    return result;
  }

  /**
   * What is needed of a repository. Offline everything must be in the cache; online the hub is asked which files there are, of a
   * commit as well: what another program left of one may be a part of it.
   */
  async plan<T>(reference: HubReference, planner: Planner<T>): Promise<FetchPlan<T>> {
    const { offline, cacheDir } = this.client.settings;
    if (!offline) return planner(this, await Repository.online(this.client, reference));
    const cached = await Repository.cached(this.client, reference);
    if (!cached) throw notInCache(reference, undefined, cacheDir);
    const plan = await planner(this, cached);
    for (const { repository, paths } of plan.needed) {
      for (const path of paths) if (!(await repository.isCached(path))) repository.require(path);
    }
    return plan;
  }

  /** A small file that says what else is needed; its path on this machine. */
  async smallFile(repository: Repository, path: string): Promise<string> {
    repository.require(path);
    await fetchFiles([{ repository, paths: [path] }]);
    return repository.file(path);
  }
}

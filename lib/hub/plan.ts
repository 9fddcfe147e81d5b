import { type CallOptions, callOptions } from '../call-options';
import { defineOptions, resolveOptions } from '../options';
import type { ProgressListener } from '../progress';
import { HubClient } from './client';
import { fetchFiles, type NeededFiles } from './download';
import type { HubReference } from './reference';
import { notInCache, Repository } from './repository';
import { type HubOptions, hubOptions, hubSettings } from './settings';

const fetchOptions = defineOptions({ ...hubOptions, ...callOptions });

/** Options of all functions that may download files. */
export interface FetchOptions extends HubOptions, CallOptions {}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value of the wrong type. */
export function checkFetchOptions(options: FetchOptions = {}): FetchOptions {
  return resolveOptions(fetchOptions, options);
}

/** The files that must be in the cache, and the result to return once they are. */
export interface FetchPlan<T> {
  readonly needed: readonly NeededFiles[];
  readonly result: T;
}

/** A function that determines which files of a repository are needed. It may read small files from the repository. */
export type Planner<T> = (hub: Hub, repository: Repository) => Promise<FetchPlan<T>>;

/** The hub and its local cache. */
export class Hub {
  private constructor(
    readonly client: HubClient,
    readonly onProgress: ProgressListener | undefined,
  ) {}

  static async open({ signal, onProgress, ...options }: FetchOptions = {}): Promise<Hub> {
    return new Hub(new HubClient(await hubSettings(options), signal), onProgress);
  }

  /** Plan, then download the missing files. */
  async obtain<T>(reference: HubReference, planner: Planner<T>): Promise<T> {
    return this.fetch(await this.plan(reference, planner));
  }

  /** Download the missing files of a plan. */
  async fetch<T>({ needed, result }: FetchPlan<T>): Promise<T> {
    await fetchFiles(needed, this.onProgress);
    return result;
  }

  /**
   * Determine which files of a repository are needed. Offline, all of them must be in the cache. Online, the file list
   * comes from the hub even for a cached commit, because another program may have cached only part of it.
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

  /** Download a small file that determines which other files are needed, and return its local path. */
  async smallFile(repository: Repository, path: string): Promise<string> {
    repository.require(path);
    await fetchFiles([{ repository, paths: [path] }]);
    return repository.file(path);
  }
}

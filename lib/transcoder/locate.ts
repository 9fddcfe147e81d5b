import { dirname, relative, sep } from 'node:path';
import { isBundledTranscoders, transcoderFolder } from '../bundled';
import { labelsFile } from '../graph-file/labels';
import type { NeededFiles } from '../hub/download';
import { notFound } from '../hub/failures';
import { localPath } from '../hub/local-path';
import type { FetchPlan, Hub, Planner } from '../hub/plan';
import { requireHubReference, scanOf } from '../hub/reference';
import { notInCache, type Repository } from '../hub/repository';
import { readTranscoderConfig, type TranscoderConfig } from './config';

/** Weights beside config.yaml that has no list of them. */
const layerFile = /^(?:layer|W_enc|W_dec)_\d+\.safetensors$/;

/**
 * The transcoders that a text names, all their files on this machine: `demo`, `demo-cross-layer`, a folder, or a
 * reference to the hub, which is fetched if need be. So is what config.yaml lists on the hub.
 *
 * @returns config.yaml, its `files` as absolute paths
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a malformed reference; what `readTranscoderConfig` and fetching
 * throw.
 */
export async function locateTranscoders(text: string, hub: Hub): Promise<TranscoderConfig> {
  return hub.fetch(await planTranscoderSet(text, hub));
}

/** What {@link locateTranscoders} would fetch. */
export async function planTranscoderSet(text: string, hub: Hub): Promise<FetchPlan<TranscoderConfig>> {
  const folder = isBundledTranscoders(text) ? transcoderFolder(text) : await localPath(text);
  if (folder !== undefined) return planListedFiles(hub, await readTranscoderConfig(folder));
  return hub.plan(requireHubReference(text, 'transcoders'), planTranscoderFiles);
}

/** config.yaml, labels, and the weights it lists or that lie beside it. */
export const planTranscoderFiles: Planner<TranscoderConfig> = async (hub, repository) => {
  const configPath = repository.inFolder('config.yaml');
  const folder = dirname(await hub.smallFile(repository, configPath));
  const config = await readTranscoderConfig(folder, scanOf(repository.reference));
  const labels = [repository.inFolder(labelsFile)].filter((path) => repository.has(path));
  if (!config.files) {
    const paths = [configPath, ...labels, ...layersOf(repository)];
    return { needed: [{ repository, paths }], result: config };
  }
  const listed = await planListedFiles(hub, config);
  const own = config.files.filter(isLocal).map((file) => pathInRepository(repository, file));
  const paths = [configPath, ...labels, ...own];
  return { needed: [{ repository, paths }, ...listed.needed], result: listed.result };
};

function layersOf(repository: Repository): string[] {
  const prefix = repository.inFolder('');
  const beside = repository.paths.filter((path) => path.startsWith(prefix));
  const layers = beside.filter((path) => layerFile.test(path.slice(prefix.length)));
  if (layers.length > 0) return layers;
  if (repository.fromCache) throw notInCache(repository.reference, 'a file of weights', repository.layout.cacheDir);
  throw notFound(
    `${scanOf(repository.reference)} has a config.yaml but no weights: expected layer_0.safetensors, or W_enc_0.safetensors and W_dec_0.safetensors, and so on. Name the folder of the repository that has them.`,
  );
}

/** Files that a set lists on the hub, with the config that has their places on this machine. */
async function planListedFiles(hub: Hub, config: TranscoderConfig): Promise<FetchPlan<TranscoderConfig>> {
  const remote = (config.files ?? []).filter((file) => !isLocal(file));
  const byRevision = new Map<string, string[]>();
  for (const file of remote) {
    const { repo, revision } = requireHubReference(file, `transcoders of ${config.file}`);
    const place = scanOf({ repo, path: '', revision });
    byRevision.set(place, [...(byRevision.get(place) ?? []), file]);
  }
  const needed: NeededFiles[] = [];
  const places = new Map<string, string>();
  for (const [repo, files] of byRevision) {
    const plan = await hub.plan(requireHubReference(repo, 'transcoders'), filesPlanner(files));
    needed.push(...plan.needed);
    for (const [file, place] of plan.result) places.set(file, place);
  }
  const files = config.files?.map((file) => places.get(file) ?? file);
  return { needed, result: { ...config, ...(files && { files }) } };
}

/** @returns the place of each file on this machine by its reference */
function filesPlanner(files: readonly string[]): Planner<Map<string, string>> {
  return async (_hub, repository) => {
    const paths = files.map((file) => requireHubReference(file, 'transcoders').path);
    for (const path of paths) repository.require(path);
    const result = new Map(files.map((file, i) => [file, repository.file(paths[i] ?? '')]));
    return { needed: [{ repository, paths }], result };
  };
}

/** A file beside config.yaml, which is in the snapshot. */
function pathInRepository(repository: Repository, file: string): string {
  return relative(repository.snapshot, file).split(sep).join('/');
}

function isLocal(file: string): boolean {
  return !file.startsWith('hf://');
}

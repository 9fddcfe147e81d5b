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

/** The weights in the folder of a config.yaml without a list of files. */
const layerFile = /^(?:layer|W_enc|W_dec)_\d+\.safetensors$/;

/**
 * Locate transcoders and download them if necessary. The text is `demo`, `demo-cross-layer`, a folder or a reference to
 * the hub. Files on the hub that config.yaml lists are downloaded as well.
 *
 * @returns the content of config.yaml, with `files` as absolute paths
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a malformed reference; errors of `readTranscoderConfig` and of
 * the download.
 */
export async function locateTranscoders(text: string, hub: Hub): Promise<TranscoderConfig> {
  return hub.fetch(await planTranscoderSet(text, hub));
}

/** Plan the download of {@link locateTranscoders}. */
export async function planTranscoderSet(text: string, hub: Hub): Promise<FetchPlan<TranscoderConfig>> {
  const folder = isBundledTranscoders(text) ? transcoderFolder(text) : await localPath(text);
  if (folder !== undefined) return planListedFiles(hub, await readTranscoderConfig(folder));
  return hub.plan(requireHubReference(text, 'transcoders'), planTranscoderFiles);
}

/** Plan config.yaml, the labels, and the weights that it lists or that are in its folder. */
export const planTranscoderFiles: Planner<TranscoderConfig> = async (hub, repository) => {
  const configPath = repository.inFolder('config.yaml');
  const folder = dirname(await hub.smallFile(repository, configPath));
  const config = await readTranscoderConfig(folder, scanOf(repository.reference));
  const labels = [repository.inFolder(labelsFile)].filter((path) => repository.has(path));
  if (!config.files) {
    const paths = [configPath, ...labels, ...layerFiles(repository)];
    return { needed: [{ repository, paths }], result: config };
  }
  const listed = await planListedFiles(hub, config);
  const own = config.files.filter(isLocal).map((file) => pathInRepository(repository, file));
  const paths = [configPath, ...labels, ...own];
  return { needed: [{ repository, paths }, ...listed.needed], result: listed.result };
};

function layerFiles(repository: Repository): string[] {
  const prefix = repository.inFolder('');
  const beside = repository.paths.filter((path) => path.startsWith(prefix));
  const layers = beside.filter((path) => layerFile.test(path.slice(prefix.length)));
  if (layers.length > 0) return layers;
  if (repository.fromCache) throw notInCache(repository.reference, 'a weight file', repository.layout.cacheDir);
  throw notFound(
    `${scanOf(repository.reference)} has a config.yaml but no weights: expected layer_0.safetensors, or W_enc_0.safetensors and W_dec_0.safetensors, and so on. Choose the folder of the repository that contains them.`,
  );
}

/** Plan the files that a set lists on the hub. The result is the config with their local paths. */
async function planListedFiles(hub: Hub, config: TranscoderConfig): Promise<FetchPlan<TranscoderConfig>> {
  const remote = (config.files ?? []).filter((file) => !isLocal(file));
  const byRevision = new Map<string, string[]>();
  for (const file of remote) {
    const { repo, revision } = requireHubReference(file, `transcoders of ${config.file}`);
    const scan = scanOf({ repo, path: '', revision });
    byRevision.set(scan, [...(byRevision.get(scan) ?? []), file]);
  }
  const needed: NeededFiles[] = [];
  const localPaths = new Map<string, string>();
  for (const [repo, files] of byRevision) {
    const plan = await hub.plan(requireHubReference(repo, 'transcoders'), filesPlanner(files));
    needed.push(...plan.needed);
    for (const [file, path] of plan.result) localPaths.set(file, path);
  }
  const files = config.files?.map((file) => localPaths.get(file) ?? file);
  return { needed, result: { ...config, ...(files && { files }) } };
}

/** @returns a planner of the local path of each file by its reference */
function filesPlanner(files: readonly string[]): Planner<Map<string, string>> {
  return async (_hub, repository) => {
    const paths = files.map((file) => requireHubReference(file, 'transcoders').path);
    for (const path of paths) repository.require(path);
    const result = new Map(files.map((file, i) => [file, repository.file(paths[i] ?? '')]));
    return { needed: [{ repository, paths }], result };
  };
}

/** The path in the repository of a file beside config.yaml in the snapshot. */
function pathInRepository(repository: Repository, file: string): string {
  return relative(repository.snapshot, file).split(sep).join('/');
}

function isLocal(file: string): boolean {
  return !file.startsWith('hf://');
}

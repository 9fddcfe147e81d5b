import { dirname, relative, sep } from 'node:path';
import { labelsFile } from '../features/labels';
import type { NeededFiles } from '../hub/download';
import { notFound } from '../hub/failures';
import { localPath } from '../hub/local-path';
import type { FetchPlan, Hub, Planner } from '../hub/plan';
import { type HubReference, requireHubReference, scanOf } from '../hub/reference';
import type { Repository } from '../hub/repository';
import { isBundledTranscoders, transcoderFolder } from '../model/bundled';
import { readTranscoderConfig, type TranscoderConfig } from './config';

/** Weights beside config.yaml that has no list of them. */
const layerFile = /^(?:layer|W_enc|W_dec)_\d+\.safetensors$/;

/**
 * The transcoders that a text names, all their files on this machine: `demo`, `demo-cross-layer`, a folder, or a
 * reference to the hub. What config.yaml lists on the hub is fetched too.
 *
 * @returns config.yaml, its `files` as absolute paths
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a malformed reference, what `readTranscoderConfig` and
 * {@link Hub.obtain} throw.
 */
export async function locateTranscoders(text: string, hub: Hub): Promise<TranscoderConfig> {
  const { folder, reference } = await placeOf(text);
  if (reference) return hub.obtain(reference, planTranscoderFiles);
  return hub.fetch(await planLocalSet(hub, folder));
}

/** config.yaml alone, its `files` as they are written. */
export async function locateTranscoderConfig(text: string, hub: Hub): Promise<TranscoderConfig> {
  const { folder, reference } = await placeOf(text);
  return reference ? hub.obtain(reference, planConfig) : readTranscoderConfig(folder);
}

/** What a folder of this machine lists on the hub. */
export async function planLocalSet(hub: Hub, folder: string): Promise<FetchPlan<TranscoderConfig>> {
  return planListedFiles(hub, await readTranscoderConfig(folder));
}

async function placeOf(text: string): Promise<{ folder: string; reference?: HubReference }> {
  if (isBundledTranscoders(text)) return { folder: transcoderFolder(text) };
  const folder = await localPath(text);
  return folder === undefined ? { folder: '', reference: requireHubReference(text, 'transcoders') } : { folder };
}

const planConfig: Planner<TranscoderConfig> = async (hub, repository) => {
  const file = await hub.smallFile(repository, repository.inFolder('config.yaml'));
  return { needed: [], result: await readTranscoderConfig(dirname(file), scanOf(repository.reference)) };
};

/** config.yaml, labels, and the weights it lists or that lie beside it. */
export const planTranscoderFiles: Planner<TranscoderConfig> = async (hub, repository) => {
  const { result: config } = await planConfig(hub, repository);
  const labels = [repository.inFolder(labelsFile)].filter((path) => repository.has(path));
  if (!config.files) {
    const paths = [repository.inFolder('config.yaml'), ...labels, ...layersOf(repository)];
    return { needed: [{ repository, paths }], result: config };
  }
  const listed = await planListedFiles(hub, config);
  const own = config.files.filter(isLocal).map((file) => pathInRepository(repository, file));
  const paths = [repository.inFolder('config.yaml'), ...labels, ...own];
  return { needed: [{ repository, paths }, ...listed.needed], result: listed.result };
};

function layersOf(repository: Repository): string[] {
  const prefix = repository.inFolder('');
  const beside = repository.paths.filter((path) => path.startsWith(prefix));
  const layers = beside.filter((path) => layerFile.test(path.slice(prefix.length)));
  if (layers.length > 0) return layers;
  throw notFound(
    `${scanOf(repository.reference)} has a config.yaml but no weights${repository.fromCache ? ' in the cache' : ''}: expected layer_0.safetensors, or W_enc_0.safetensors and W_dec_0.safetensors, and so on. Name the folder of the repository that has them.`,
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

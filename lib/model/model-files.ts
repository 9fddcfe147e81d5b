import { dirname, posix } from 'node:path';
import type { CircuitTracerError } from '../errors';
import { notFound } from '../hub/failures';
import type { Planner } from '../hub/plan';
import { notInCache, type Repository } from '../hub/repository';
import { readWeightMap } from './checkpoint';

const singleFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';

/** What a tokenizer is made of; fetched where the repository has them. */
const tokenizerFiles = [
  'config.json',
  'tokenizer.json',
  'generation_config.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'tokenizer.model',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  'chat_template.json',
];

/** A model's folder on this machine. */
export interface LocatedModel {
  readonly folder: string;
  /** As graphs call it: the bundled name, or the last part of the folder or repository. */
  readonly name: string;
}

/** Configuration, tokenizer and safetensors weights of a model; never the same weights in another format. */
export const planModelFiles: Planner<LocatedModel> = async (hub, repository) => {
  const { reference } = repository;
  const config = repository.inFolder('config.json');
  await hub.smallFile(repository, config);
  const { needed, result: folder } = await planTokenizerFiles(hub, repository);
  const weights = await weightFiles(repository, (path) => hub.smallFile(repository, path));
  const name = posix.basename(reference.path || reference.repo);
  return { needed: [...needed, { repository, paths: weights }], result: { folder, name } };
};

/** What of a model its tokenizer is made of, without weights; the folder as the result. */
export const planTokenizerFiles: Planner<string> = async (_hub, repository) => {
  const tokenizer = repository.inFolder('tokenizer.json');
  repository.require(tokenizer);
  const paths = tokenizerFiles.map((name) => repository.inFolder(name)).filter((path) => repository.has(path));
  return { needed: [{ repository, paths }], result: dirname(repository.file(tokenizer)) };
};

async function weightFiles(repository: Repository, fetchSmall: (path: string) => Promise<string>): Promise<string[]> {
  const [single, index] = [repository.inFolder(singleFile), repository.inFolder(indexFile)];
  if (repository.has(single)) return [single];
  if (!repository.has(index)) throw noWeights(repository);
  const shards = new Set((await readWeightMap(await fetchSmall(index))).values());
  return [index, ...[...shards].map((shard) => repository.inFolder(posix.normalize(shard)))];
}

function noWeights(repository: Repository): CircuitTracerError {
  if (repository.fromCache) {
    return notInCache(repository.reference, `${singleFile}, or ${indexFile},`, repository.layout.cacheDir);
  }
  return notFound(
    `${repository.repo} has neither ${singleFile} nor ${indexFile}: weights in other formats aren't read. Name a repository that has safetensors files.`,
  );
}

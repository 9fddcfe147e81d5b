import { dirname, posix } from 'node:path';
import type { CircuitTracerError } from '../errors';
import { notFound } from '../hub/failures';
import type { Planner } from '../hub/plan';
import { notInCache, type Repository } from '../hub/repository';
import { readWeightMap } from './checkpoint';

const singleFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';

/** The files of a tokenizer. Those in the repository are downloaded. */
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

/** The local folder of a model. */
export interface LocatedModel {
  readonly folder: string;
  /** The model name for graphs: the bundled name, or the last component of the folder or repository. */
  readonly name: string;
}

/** The configuration, tokenizer and safetensors weights of a model, without copies of the weights in other formats. */
export const planModelFiles: Planner<LocatedModel> = async (hub, repository) => {
  const { reference } = repository;
  const config = repository.inFolder('config.json');
  await hub.smallFile(repository, config);
  const { needed, result: folder } = await planTokenizerFiles(hub, repository);
  const weights = await weightFiles(repository, (path) => hub.smallFile(repository, path));
  const name = posix.basename(reference.path || reference.repo);
  return { needed: [...needed, { repository, paths: weights }], result: { folder, name } };
};

/** The tokenizer files of a model, without weights. The result is the folder. */
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
    `${repository.repo} has neither ${singleFile} nor ${indexFile}. Other weight formats are not supported. Choose a repository with safetensors files.`,
  );
}

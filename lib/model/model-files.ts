import { dirname, posix } from 'node:path';
import type { CircuitTracerError } from '../errors';
import { notFound } from '../hub/failures';
import type { Planner } from '../hub/plan';
import type { Repository } from '../hub/repository';
import { readWeightMap } from './checkpoint';

const singleFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';

/** Fetched where the repository has them. */
const optionalFiles = [
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
  const tokenizer = repository.inFolder('tokenizer.json');
  repository.require(tokenizer);
  const optional = optionalFiles.map((name) => repository.inFolder(name)).filter((path) => repository.has(path));
  const weights = await weightFiles(repository, (path) => hub.smallFile(repository, path));
  const paths = [config, tokenizer, ...optional, ...weights];
  const folder = dirname(repository.file(config));
  const name = posix.basename(reference.path || reference.repo);
  return { needed: [{ repository, paths }], result: { folder, name } };
};

async function weightFiles(repository: Repository, fetchSmall: (path: string) => Promise<string>): Promise<string[]> {
  const [single, index] = [repository.inFolder(singleFile), repository.inFolder(indexFile)];
  if (repository.has(single)) return [single];
  if (!repository.has(index)) throw noWeights(repository);
  const shards = new Set((await readWeightMap(await fetchSmall(index))).values());
  return [index, ...[...shards].map((shard) => repository.inFolder(posix.normalize(shard)))];
}

function noWeights(repository: Repository): CircuitTracerError {
  return notFound(
    `${repository.repo} has neither ${singleFile} nor ${indexFile}${repository.fromCache ? ' in the cache' : ''}: weights in other formats aren't read. Name a repository that has safetensors files.`,
  );
}

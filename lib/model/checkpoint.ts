import { isAbsolute, join, normalize, sep } from 'node:path';
import { CircuitTracerError } from '../errors';
import { absolutePath } from '../io/absolute-path';
import { fileExists, isFolder, readJsonObject } from '../io/files';
import { openSafetensors, type SafetensorsFile } from '../io/safetensors';
import type { TensorSource } from '../io/tensor-source';
import { isObject } from '../is-object';
import { smallJson } from '../json';
import { describe } from '../validate';

/** A model folder in Hugging Face layout whose weights are not loaded. */
export interface Checkpoint {
  /** The absolute path of the folder. */
  readonly folder: string;
  /** The content of config.json. */
  readonly config: Record<string, unknown>;
  readonly tensors: Map<string, TensorSource>;
  /** The tensors with an unsupported number format, by name. */
  readonly otherTensors: SafetensorsFile['otherTensors'];
}

const singleFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';

/**
 * Open a model folder: config.json, and model.safetensors or the shards listed in model.safetensors.index.json.
 *
 * Only headers of weight files are read, and all of them are checked.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, or `ERR_FILE_FORMAT`, also when the index lists a
 * tensor that is not in its shard.
 */
export async function openCheckpoint(dir: string): Promise<Checkpoint> {
  const folder = absolutePath(dir);
  await checkModelFolder(folder);
  const config = await readJsonObject(join(folder, 'config.json'), smallJson);
  if (await fileExists(join(folder, singleFile))) {
    const { tensors, otherTensors } = await openSafetensors(join(folder, singleFile));
    return { folder, config, tensors, otherTensors };
  }
  if (await fileExists(join(folder, indexFile))) return { folder, config, ...(await openShards(folder)) };
  throw new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `${folder}: expected ${singleFile} or ${indexFile}, found neither. Weights in another format (pytorch_model.bin, ` +
      '.gguf) must be saved as safetensors first.',
  );
}

/** @throws CircuitTracerError `ERR_FILE_NOT_FOUND` unless the folder exists. */
export async function checkModelFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  throw new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `${folder}: expected a model folder with config.json and ${singleFile}, but the folder does not exist.`,
  );
}

async function openShards(folder: string): Promise<Pick<Checkpoint, 'tensors' | 'otherTensors'>> {
  const weightMap = await readWeightMap(join(folder, indexFile));
  const shards = new Map<string, SafetensorsFile>();
  for (const shard of new Set(weightMap.values())) shards.set(shard, await openShard(folder, shard));
  const tensors: Checkpoint['tensors'] = new Map();
  const otherTensors: Checkpoint['otherTensors'] = new Map();
  for (const [name, shard] of weightMap) {
    const source = shards.get(shard)?.tensors.get(name);
    const other = shards.get(shard)?.otherTensors.get(name);
    if (source) tensors.set(name, source);
    else if (other) otherTensors.set(name, other);
    else {
      throw new CircuitTracerError(
        'ERR_FILE_FORMAT',
        `${join(folder, shard)}: the tensor ${name}, which ${indexFile} lists in this shard, is missing. Download the ` +
          'shard and the index again.',
      );
    }
  }
  return { tensors, otherTensors };
}

/** Read the checked `weight_map` of an index: the file of each tensor. */
export async function readWeightMap(index: string): Promise<Map<string, string>> {
  const { weight_map: weightMap } = await readJsonObject(index);
  if (!isObject(weightMap)) {
    throw new CircuitTracerError(
      'ERR_FILE_FORMAT',
      `${index}: expected weight_map to be an object of shard names, found ${describe(weightMap)}.`,
    );
  }
  const shards = new Map<string, string>();
  for (const [name, shard] of Object.entries(weightMap)) {
    if (typeof shard !== 'string' || leavesFolder(shard)) {
      throw new CircuitTracerError(
        'ERR_FILE_FORMAT',
        `${index}: expected ${name} to be in a file of this folder, found ${describe(shard)}.`,
      );
    }
    shards.set(name, shard);
  }
  return shards;
}

function leavesFolder(shard: string): boolean {
  const path = normalize(shard);
  return shard === '' || shard.includes('\0') || isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`);
}

async function openShard(folder: string, shard: string): Promise<SafetensorsFile> {
  const path = join(folder, shard);
  if (await fileExists(path)) return openSafetensors(path);
  throw new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `${path}: ${indexFile} lists this shard, but the file does not exist. Download it.`,
  );
}

/**
 * A tensor that the model requires.
 *
 * @param shape the expected stored shape
 * @param kind `float` for weights (default), `bytes` for packed weights
 * @throws CircuitTracerError `ERR_WEIGHT` when it is missing or has another shape or dtype.
 */
export function requireTensor(
  checkpoint: Checkpoint,
  name: string,
  shape: readonly number[],
  kind: 'float' | 'bytes' = 'float',
): TensorSource {
  const source = checkpoint.tensors.get(name);
  if (!source) throw missingTensor(checkpoint, name, shape);
  const file = source.file ?? checkpoint.folder;
  if ((source.dtype === 'uint8') !== (kind === 'bytes')) {
    const expected = kind === 'bytes' ? 'bytes (U8)' : 'floating-point numbers (F32, BF16, F16 or F64)';
    throw new CircuitTracerError('ERR_WEIGHT', `${file}: ${name}: expected ${expected}, found ${source.dtype}.`);
  }
  if (source.shape.length !== shape.length || source.shape.some((size, dim) => size !== shape[dim])) {
    throw new CircuitTracerError(
      'ERR_WEIGHT',
      `${file}: ${name}: expected shape [${shape.join(', ')}] according to config.json, found [${source.shape.join(', ')}].`,
    );
  }
  return source;
}

function missingTensor(
  { folder, otherTensors }: Checkpoint,
  name: string,
  shape: readonly number[],
): CircuitTracerError {
  const other = otherTensors.get(name);
  if (other) {
    return new CircuitTracerError(
      'ERR_WEIGHT',
      `${folder}: ${name}: expected F32, BF16, F16 or F64 numbers, found ${other.dtype}. Save the model in one of these dtypes.`,
    );
  }
  return new CircuitTracerError(
    'ERR_WEIGHT',
    `${folder}: expected a tensor ${name} of shape [${shape.join(', ')}], but the weight files do not contain it.`,
  );
}

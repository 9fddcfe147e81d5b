import type { ResolvedCallOptions } from '../../call-options';
import { CircuitTracerError } from '../../errors';
import { movedBytes } from '../../io/moved-bytes';
import { global, instance, type PickleValue, tuple } from '../../io/pickle/pickle-writer';
import { TorchStorages, writeTorchArchive } from '../../io/torch/write-torch-archive';
import { blocksOf, type EdgeBlocks } from '../edge-rows';
import type { GraphData, LogitTarget } from '../graph-data';
import { architectureOf, logitTarget, unifiedConfig } from './pytorch-names';

const pieceBytes = 2 ** 20;

/**
 * Save a graph in the format of the reference implementation, for its `Graph.from_pt`. The square matrix of this format
 * is written row by row and never kept. The format has no fields for settings, labels, texts of the prompt's tokens and
 * vectors of directions.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a target that the format cannot hold, `ERR_FILE_WRITE`,
 * `ABORT_ERR`.
 */
export async function writePytorchGraph(path: string, data: GraphData, call: ResolvedCallOptions): Promise<void> {
  const { model, tokens, activeFeatures, activationValues, selectedFeatures, logits } = data;
  for (const logit of logits) checkTarget(logit, tokens.length);
  const width = selectedFeatures.length + (model.nLayers + 1) * tokens.length + logits.length;
  const storages = new TorchStorages();
  const integers = (values: Int32Array, shape: readonly number[]) =>
    storages.add({ dtype: 'int64', shape, pieces: () => int64Pieces(values) });
  const floats = (values: Float32Array) =>
    storages.add({ dtype: 'float32', shape: [values.length], pieces: () => [toBytes(values)] });
  const matrix = { dtype: 'float32', shape: [width, width], pieces: () => matrixPieces(data, width) } as const;
  const value = new Map<string, PickleValue>([
    ['input_string', data.prompt],
    ['adjacency_matrix', storages.add(matrix)],
    ['cfg', instance(global(unifiedConfig), tuple(), toConfig(data))],
    ['active_features', integers(activeFeatures, [activationValues.length, 3])],
    ['logit_targets', logits.map(({ token, tokenId }) => instance(global(logitTarget), tuple(token, tokenId)))],
    ['logit_probabilities', floats(Float32Array.from(logits, ({ weight }) => weight))],
    ['vocab_size', model.dVocab],
    ['input_tokens', integers(tokens, [tokens.length])],
    ['selected_features', integers(selectedFeatures, [selectedFeatures.length])],
    ['activation_values', floats(activationValues)],
    ['scan', data.scan === '' ? null : data.scan],
  ]);
  const moved = movedBytes('save', storages.bytes, call);
  await writeTorchArchive(path, value, storages, moved.add);
  moved.end();
}

function checkTarget({ position, feature, token }: LogitTarget, nPositions: number): void {
  if (feature === undefined && (position === undefined || position === nPositions - 1)) return;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `A .pt file can only hold outputs at the last position, but the graph explains ${JSON.stringify(token)} at another. Save it as ` +
      '.safetensors.',
  );
}

/** Every field of the class. None for properties that a graph does not store. */
function toConfig({ model }: GraphData): Map<string, PickleValue> {
  return new Map<string, PickleValue>([
    ['n_layers', model.nLayers],
    ['d_model', model.dModel],
    ['d_head', null],
    ['n_heads', null],
    ['d_mlp', null],
    ['d_vocab', model.dVocab],
    ['tokenizer_name', model.modelName],
    ['model_name', model.modelName],
    ['original_architecture', architectureOf(model.family)],
    ['n_key_value_heads', null],
    ['dtype', null],
  ]);
}

/** Expand [S + K, M] to [M, M], with zeros in the rows of errors and tokens. */
function* matrixPieces({ edges, selectedFeatures, logits }: GraphData, width: number): Iterable<Uint8Array> {
  const features = selectedFeatures.length * width;
  const rest = (width - selectedFeatures.length - logits.length) * width;
  yield* numbersIn(edges, 0, features);
  const zeros = new Uint8Array(pieceBytes);
  for (let left = rest * 4; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length));
  yield* numbersIn(edges, features, features + logits.length * width);
}

function* numbersIn(edges: EdgeBlocks, from: number, to: number): Iterable<Uint8Array> {
  let start = 0;
  for (const block of blocksOf(edges)) {
    yield* inPieces(block.subarray(Math.max(0, from - start), Math.max(0, to - start)));
    start += block.length;
  }
}

/** Convert to 64-bit integers, some at a time. */
function* int64Pieces(values: Int32Array): Iterable<Uint8Array> {
  const count = pieceBytes / 16;
  for (let at = 0; at < values.length; at += count) {
    yield toBytes(BigInt64Array.from(values.subarray(at, at + count), BigInt));
  }
}

function* inPieces(values: Float32Array): Iterable<Uint8Array> {
  const bytes = toBytes(values);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

function toBytes({ buffer, byteOffset, byteLength }: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

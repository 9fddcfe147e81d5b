import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import {
  global,
  instance,
  type PickleValue,
  persistent,
  pickle,
  reduced,
  tuple,
  Written,
} from '../../lib/io/pickle/pickle-writer';

/** Raw opcodes, in Latin-1. */
export const opcodes = (text: string): Written => new Written(Buffer.from(text, 'latin1'));
export const named = (full: string): Written => {
  const at = full.lastIndexOf('.');
  return global({ module: full.slice(0, at), name: full.slice(at + 1) });
};

export interface TensorParts {
  readonly type?: string;
  readonly key?: string;
  readonly count: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
}

export function tensor({ type = 'FloatStorage', key = '0', count, offset = 0, shape, strides }: TensorParts): Written {
  const storage = persistent(tuple('storage', named(`torch.${type}`), key, 'cpu', count));
  const steps = strides ?? shape.map((_, dim) => shape.slice(dim + 1).reduce((product, size) => product * size, 1));
  const hooks = reduced(named('collections.OrderedDict'), tuple());
  return reduced(
    named('torch._utils._rebuild_tensor_v2'),
    tuple(storage, offset, tuple(...shape), tuple(...steps), false, hooks),
  );
}

/** The parts of a small sound graph: one layer, two positions, two features, one output; 7 nodes. */
export interface GraphParts {
  readonly value: Map<string, PickleValue>;
  readonly storages: Map<string, Buffer>;
}

export const smallGraphNodes = 7;

export function smallGraph(): GraphParts {
  const longs = (...values: number[]) => Buffer.from(BigInt64Array.from(values, BigInt).buffer);
  const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
  const matrix = new Float32Array(smallGraphNodes ** 2);
  matrix[4] = 1;
  matrix[6 * smallGraphNodes] = 2;
  const long = (key: string, ...shape: number[]) =>
    tensor({ type: 'LongStorage', key, count: shape.reduce((a, b) => a * b, 1), shape });
  const float = (key: string, ...shape: number[]) => tensor({ key, count: shape.reduce((a, b) => a * b, 1), shape });
  const config = new Map<string, PickleValue>([
    ['n_layers', 1],
    ['d_model', 4],
    ['d_vocab', 10],
    ['model_name', 'm'],
    ['original_architecture', 'LlamaForCausalLM'],
  ]);
  return {
    value: new Map<string, PickleValue>([
      ['input_string', 'a b'],
      ['adjacency_matrix', float('0', smallGraphNodes, smallGraphNodes)],
      ['cfg', instance(named('circuit_tracer.utils.tl_nnsight_mapping.UnifiedConfig'), tuple(), config)],
      ['active_features', long('1', 2, 3)],
      ['logit_targets', [instance(named('circuit_tracer.attribution.targets.LogitTarget'), tuple(' c', 3))]],
      ['logit_probabilities', float('2', 1)],
      ['vocab_size', 10],
      ['input_tokens', long('3', 2)],
      ['selected_features', long('4', 2)],
      ['activation_values', float('5', 2)],
      ['scan', 'org/set'],
    ]),
    storages: new Map([
      ['0', Buffer.from(matrix.buffer)],
      ['1', longs(0, 0, 5, 0, 1, 6)],
      ['2', floats(0.5)],
      ['3', longs(1, 2)],
      ['4', longs(0, 1)],
      ['5', floats(1, 2)],
    ]),
  };
}

/** Entries of the archive by name, to change before it is written. */
export function entriesOf({ value, storages }: GraphParts): Map<string, Buffer> {
  return new Map([
    ['g/data.pkl', pickle(value)],
    ['g/byteorder', Buffer.from('little')],
    ...[...storages].map(([key, bytes]) => [`g/data/${key}`, bytes] as const),
  ]);
}

export async function writeArchive(
  path: string,
  entries: Iterable<readonly [string, Buffer]>,
  compress = false,
): Promise<void> {
  const zip = new ZipFile();
  for (const [name, bytes] of entries) zip.addBuffer(bytes, name, { compress });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

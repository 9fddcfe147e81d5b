import type { MovedBytes } from '../../io/moved-bytes';
import { PickleError } from '../../io/pickle/pickle-bytes';
import { PickleRecord } from '../../io/pickle/unpickle';
import { openTorchFile } from '../../io/torch/open-torch-file';
import { type TorchFile, torchFileError } from '../../io/torch/torch-file';
import { readFloats, readIntegers } from '../../io/torch/torch-numbers';
import { TorchTensor } from '../../io/torch/torch-tensor';
import type { GraphData, GraphModel, LogitTarget } from '../graph-data';
import { readRectangle } from './pytorch-matrix';
import { familyOf, recordClasses } from './pytorch-names';

/** Returns the text of a token by its id. */
export type TokenText = (tokenId: number) => string;

/**
 * The data of a graph that the reference implementation saved with `torch.save`: a dict of `input_string`,
 * `input_tokens` [n], `active_features` [N, 3], `activation_values` [N], `selected_features` [S], `adjacency_matrix`
 * [M, M], `logit_targets` (or `logit_tokens`) and `logit_probabilities` [K], `cfg`, `scan` (or `scan_name`),
 * `vocab_size`. Such a file has no settings, labels, or texts of the prompt's tokens.
 *
 * @param textOf for tokens whose text is not in the file; by default their ids
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`, `ABORT_ERR`.
 */
export async function readPytorchGraph(
  path: string,
  moved: MovedBytes,
  textOf: TokenText = String,
): Promise<GraphData> {
  const file = await openTorchFile(path, recordClasses);
  try {
    return await toGraphData({ ...file, readStorage: counted(file, moved) }, new Fields(file.value), textOf);
  } catch (error) {
    throw torchFileError(path, error);
  } finally {
    await file.close();
  }
}

/** Reads a storage and reports its bytes as progress. */
function counted(file: TorchFile, moved: MovedBytes): TorchFile['readStorage'] {
  return async function* (...stretch) {
    for await (const piece of file.readStorage(...stretch)) {
      moved.add(piece.length);
      yield piece;
    }
  };
}

async function toGraphData(file: TorchFile, fields: Fields, textOf: TokenText): Promise<GraphData> {
  const model = readModel(fields);
  const tokens = await readIntegers(file, fields.tensor('input_tokens'));
  const logits = await readLogits(file, fields, textOf);
  const selectedFeatures = await readIntegers(file, fields.tensor('selected_features'));
  const counts = { features: selectedFeatures.length, logits: logits.length };
  const errorsAndTokens = (model.nLayers + 1) * tokens.length;
  return {
    prompt: fields.text('input_string'),
    tokens,
    tokenStrings: Array.from(tokens, textOf),
    activeFeatures: await readIntegers(file, fields.tensor('active_features', [-1, 3])),
    activationValues: await readFloats(file, fields.tensor('activation_values')),
    selectedFeatures,
    edges: await readRectangle(file, fields.tensor('adjacency_matrix', [-1, -1]), counts, errorsAndTokens),
    logits,
    scan: fields.scan(),
    model,
    settings: {},
    timings: {},
    packageVersion: '',
  };
}

function readModel(fields: Fields): GraphModel {
  const config = fields.config();
  const number = (name: string) => {
    const value = config.get(name);
    if (typeof value === 'number') return value;
    throw new PickleError(`cfg has no ${name}`);
  };
  const text = (name: string) => (typeof config.get(name) === 'string' ? (config.get(name) as string) : '');
  return {
    family: familyOf(text('original_architecture')),
    modelName: text('model_name'),
    nLayers: number('n_layers'),
    dModel: number('d_model'),
    dVocab: fields.vocabSize() ?? number('d_vocab'),
  };
}

async function readLogits(file: TorchFile, fields: Fields, textOf: TokenText): Promise<LogitTarget[]> {
  const given = fields.targets();
  const named =
    given instanceof TorchTensor ? Array.from(await readIntegers(file, given), unnamed) : given.map(readTarget);
  const probabilities = await readFloats(file, fields.tensor('logit_probabilities', [named.length]));
  return named.map(({ tokenId, token }, rank) => ({
    tokenId,
    token: token === '' ? textOf(tokenId) : token,
    weight: probabilities[rank] as number,
  }));
}

const unnamed = (tokenId: number) => ({ tokenId, token: '' });

/** A named tuple, which is constructed with its values, or an object with fields. */
function readTarget(target: unknown): { tokenId: number; token: string } {
  const record = target instanceof PickleRecord ? target : undefined;
  const values = Array.isArray(target) ? target : record?.args;
  const token = record?.fields.get('token_str') ?? values?.[0];
  const tokenId = record?.fields.get('vocab_idx') ?? values?.[1];
  if (typeof token === 'string' && typeof tokenId === 'number') return { tokenId, token };
  throw new PickleError('an entry of logit_targets has no token_str and vocab_idx');
}

/** The values of the dict, which are checked when they are read. */
class Fields {
  readonly #values: ReadonlyMap<unknown, unknown>;

  constructor(value: unknown) {
    if (!(value instanceof Map) || !value.has('adjacency_matrix')) {
      throw new PickleError('it has no dict with an adjacency_matrix');
    }
    this.#values = value;
  }

  /** @param shape -1 for any size; leading sizes of 1 are ignored */
  tensor(name: string, shape: readonly number[] = [-1]): TorchTensor {
    const tensor = this.#values.get(name);
    if (!(tensor instanceof TorchTensor)) throw new PickleError(`${name} must be a tensor`);
    const extra = tensor.shape.length - shape.length;
    const fits =
      extra >= 0 &&
      tensor.shape.slice(0, extra).every((size) => size === 1) &&
      shape.every((size, dim) => size < 0 || size === tensor.shape[extra + dim]);
    if (!fits)
      throw new PickleError(
        `${name} must have shape [${shape.map((size) => (size < 0 ? '*' : size))}]; found [${tensor.shape}]`,
      );
    return extra === 0
      ? tensor
      : new TorchTensor(tensor.storage, tensor.offset, tensor.shape.slice(extra), tensor.strides.slice(extra));
  }

  text(name: string): string {
    const value = this.#values.get(name);
    if (typeof value === 'string') return value;
    throw new PickleError(`${name} must be text`);
  }

  config(): ReadonlyMap<unknown, unknown> {
    const config = this.#values.get('cfg');
    const fields = config instanceof PickleRecord ? config.fields : config;
    if (fields instanceof Map) return fields;
    throw new PickleError('cfg must be the configuration of a model');
  }

  vocabSize(): number | undefined {
    const size = this.#values.get('vocab_size');
    return typeof size === 'number' ? size : undefined;
  }

  /** '' when the file has none, as in graphs of early versions. */
  scan(): string | string[] {
    const scan = this.#values.get('scan') ?? this.#values.get('scan_name') ?? '';
    if (typeof scan === 'string') return scan;
    if (Array.isArray(scan) && scan.every((name) => typeof name === 'string')) return scan;
    throw new PickleError('scan must be text or a list of texts');
  }

  targets(): TorchTensor | readonly unknown[] {
    const targets = this.#values.get('logit_targets') ?? this.#values.get('logit_tokens');
    if (Array.isArray(targets)) return targets;
    if (targets instanceof TorchTensor)
      return this.#values.has('logit_targets') ? this.tensor('logit_targets') : this.tensor('logit_tokens');
    throw new PickleError('logit_targets must be a list or a tensor of token ids');
  }
}

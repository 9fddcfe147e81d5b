import { join } from 'node:path';
import type { FeatureInputHook, FeatureOutputHook, TranscoderSpec } from '../engine/transcoder-spec';
import { featureInputHooks, featureOutputHooks } from '../engine/transcoder-spec';
import { CircuitTracerError } from '../errors';
import { absolutePath } from '../io/absolute-path';
import { readTextFile } from '../io/files';
import { yaml } from '../io/yaml';
import { describe, nearest } from '../validate';

/** The checked content of `config.yaml` in a folder of transcoders. */
export interface TranscoderConfig {
  /** The absolute path of `config.yaml`, for messages. */
  readonly file: string;
  /** The absolute path of its folder. */
  readonly folder: string;
  /** `model_name`; '' when missing. */
  readonly modelName: string;
  /** `model_kind`: `transcoder_set` is per layer, `cross_layer_transcoder` across layers. */
  readonly kind: TranscoderSpec['kind'];
  readonly featureInputHook: FeatureInputHook;
  readonly featureOutputHook: FeatureOutputHook;
  /**
   * `transcoders`, with entry l for layer l: absolute paths, or hf:// references as written. If missing, files are
   * found by name.
   */
  readonly files?: readonly string[];
  /** The activation. If missing, the weights determine it. */
  readonly activation?: TranscoderSpec['activation'];
  readonly k?: number;
  /** `scan`, otherwise the name of the set on the hub, otherwise the folder. */
  readonly scan: string | readonly string[];
}

const kinds: Readonly<Record<string, TranscoderSpec['kind']>> = {
  transcoder_set: 'perLayer',
  cross_layer_transcoder: 'crossLayer',
};
const activations: Readonly<Record<string, TranscoderSpec['activation']>> = {
  relu: 'relu',
  topk: 'topk',
  jumprelu: 'jumprelu',
  jump_relu: 'jumprelu',
  topk_relu: 'topk_relu',
};
/** The valid values. They are only checked, because the format is detected from the weights. */
const loadFunctions = ['gemma-scope', 'gemma-scope-2'];

const knownKeys = [
  'model_name',
  'model_kind',
  'feature_input_hook',
  'feature_output_hook',
  'transcoders',
  'activation',
  'special_load_fn',
  'scan',
] as const;

/**
 * The size limit. A list of hundreds of files takes tens of kilobytes, and YAML parses at about a megabyte per second.
 */
const maxConfigBytes = 2 ** 20;

/** The k of sets published without `k` in config.yaml, as set by their authors' loader. */
const publishedK: Readonly<Record<string, number>> = { 'facebook/crv-8b-instruct-transcoders': 128 };

/**
 * Read `config.yaml` in a folder of transcoders.
 *
 * @param hubScan the name of the folder on the hub, if it comes from there
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`; `ERR_FILE_FORMAT` when it is not YAML or a value
 * has the wrong type; `ERR_UNSUPPORTED_TRANSCODER` for a kind, hook, activation or load function that is missing or
 * unknown.
 */
export async function readTranscoderConfig(dir: string, hubScan?: string): Promise<TranscoderConfig> {
  const folder = absolutePath(dir);
  const file = join(folder, 'config.yaml');
  const fields = new Fields(file, parseMapping(file, await readConfigText(folder, file)));
  fields.checkSpelling();
  fields.optionalChoice('special_load_fn', loadFunctions);
  const scan = fields.scan() ?? hubScan ?? folder;
  const activation = fields.optionalChoice('activation', Object.keys(activations));
  const k = fields.k() ?? (typeof scan === 'string' ? publishedK[scan.split('@')[0] ?? ''] : undefined);
  const files = fields.files()?.map((path) => (path.startsWith('hf://') ? path : absolutePath(folder, path)));
  return {
    file,
    folder,
    modelName: fields.optionalText('model_name') ?? '',
    kind: kinds[fields.choice('model_kind', Object.keys(kinds))] ?? 'perLayer',
    featureInputHook: fields.choice('feature_input_hook', featureInputHooks),
    featureOutputHook: fields.choice('feature_output_hook', featureOutputHooks),
    scan,
    ...(files && { files }),
    ...(activation && { activation: activations[activation] }),
    ...(k !== undefined && { k }),
  };
}

async function readConfigText(folder: string, file: string): Promise<string> {
  return readTextFile(file, maxConfigBytes).catch((error: unknown) => {
    if (!(error instanceof CircuitTracerError) || error.code !== 'ERR_FILE_NOT_FOUND') throw error;
    throw new CircuitTracerError(
      'ERR_FILE_NOT_FOUND',
      `Expected a folder of transcoders with a config.yaml at ${folder}, but ${file} does not exist. Pass the folder itself. Its config.yaml must have model_kind, feature_input_hook and feature_output_hook.`,
      { cause: error },
    );
  });
}

function parseMapping(file: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = yaml().parse(text, { logLevel: 'error' });
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${file} is not valid YAML: ${reason}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CircuitTracerError('ERR_FILE_FORMAT', `${file}: expected a mapping of keys, found ${describe(value)}.`);
  }
  return value as Record<string, unknown>;
}

/** The values of config.yaml, each checked when it is read. A null counts as missing. */
class Fields {
  constructor(
    readonly file: string,
    readonly values: Record<string, unknown>,
  ) {}

  /** Reject misspelt keys, which would otherwise be silently ignored. Keys of other tools are allowed. */
  checkSpelling(): void {
    for (const key of Object.keys(this.values)) {
      if (key === 'k' || key.length < 4 || knownKeys.some((known) => known === key)) continue;
      const near = nearest(key, knownKeys);
      if (near) throw this.error('ERR_FILE_FORMAT', `unknown key '${key}'. Did you mean '${near}'?`);
    }
  }

  choice<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.optionalChoice(key, allowed);
    if (value) return value;
    throw this.error('ERR_UNSUPPORTED_TRANSCODER', `${key} is missing. Add it: one of ${allowed.join(', ')}.`);
  }

  optionalChoice<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const text = this.optionalText(key);
    if (text === undefined || allowed.includes(text as T)) return text as T | undefined;
    throw this.error(
      'ERR_UNSUPPORTED_TRANSCODER',
      `${key} must be one of ${allowed.join(', ')}; found ${describe(text)}.`,
    );
  }

  optionalText(key: string): string | undefined {
    const value = this.values[key] ?? undefined;
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw this.error('ERR_FILE_FORMAT', `${key} must be a string of at least one character; found ${describe(value)}.`);
  }

  k(): number | undefined {
    const value = this.values.k ?? undefined;
    if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 1)) return value as number;
    throw this.error('ERR_FILE_FORMAT', `k must be a whole number of 1 or more; found ${describe(value)}.`);
  }

  scan(): string | readonly string[] | undefined {
    return Array.isArray(this.values.scan) ? this.texts('scan') : this.optionalText('scan');
  }

  /** The files: paths, absolute or relative to the folder, or hf:// references. */
  files(): string[] | undefined {
    return this.texts('transcoders');
  }

  private texts(key: string): string[] | undefined {
    const value = this.values[key] ?? undefined;
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '')) {
      return value;
    }
    throw this.error('ERR_FILE_FORMAT', `${key} must be a list of strings, one per layer; found ${describe(value)}.`);
  }

  private error(code: 'ERR_FILE_FORMAT' | 'ERR_UNSUPPORTED_TRANSCODER', problem: string) {
    return new CircuitTracerError(code, `${this.file}: ${problem}`);
  }
}

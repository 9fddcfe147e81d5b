import type { ModelSpec } from '../engine/model-spec';
import { CircuitTracerError } from '../errors';
import { isObject } from '../is-object';
import { describe } from '../validate';

/**
 * Typed access to config.json. Every reader takes the default of the family's configuration class, which applies when
 * the key is missing. An explicit null is accepted only where the class allows it (the `optional` readers).
 *
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` from any reader if the value has the wrong type.
 */
export class ModelConfig {
  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    /** The file, and the section in it, for error messages. */
    readonly where: string,
    /** The aliases of keys, from `attribute_map` of the configuration class. */
    private readonly aliases: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {}

  /** The same settings, which can also be read by their aliases. */
  withAliases(aliases: ReadonlyMap<string, readonly string[]>): ModelConfig {
    return new ModelConfig(this.values, this.where, aliases);
  }

  /** @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` when a key and its alias have different values. */
  checkAliases(key: string): void {
    const [first, ...others] = this.spellings(key);
    const other = others.find((spelling) => this.values[spelling] !== this.values[first as string]);
    if (first === undefined || other === undefined) return;
    throw new CircuitTracerError(
      'ERR_UNSUPPORTED_MODEL',
      `${this.where}: ${first} and ${other} are the same setting, but have the values ${describe(this.values[first])} and ` +
        `${describe(this.values[other])}. Remove the wrong one.`,
    );
  }

  get isEmpty(): boolean {
    return Object.keys(this.values).length === 0;
  }

  /** These settings, with those of `under` as defaults. */
  over(under: ModelConfig | null): ModelConfig {
    return under ? new ModelConfig({ ...under.values, ...this.values }, this.where) : this;
  }

  /** Whether the key is present. An explicit null counts as present. */
  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  /** An integer from 1 to `max`, which defaults to the largest size that native code supports. */
  integer(key: string, fallback: number, max = 2 ** 31 - 1): number {
    const value = this.has(key) ? this.value(key) : fallback;
    if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= max) return value as number;
    throw this.wrong(key, `an integer from 1 to ${max}`, value);
  }

  optionalInteger(key: string, fallback: number | null): number | null {
    const value = this.has(key) ? this.value(key) : fallback;
    return value === null ? null : this.integer(key, value as number);
  }

  /** An integer from 0 to 2^31 - 1. */
  count(key: string, fallback: number): number {
    return this.value(key) === 0 ? 0 : this.integer(key, fallback);
  }

  /** A positive finite number. */
  number(key: string, fallback: number): number {
    const value = this.has(key) ? this.value(key) : fallback;
    if (Number.isFinite(value) && (value as number) > 0) return value as number;
    throw this.wrong(key, 'a positive number', value);
  }

  optionalNumber(key: string, fallback: number | null): number | null {
    const value = this.has(key) ? this.value(key) : fallback;
    return value === null ? null : this.number(key, value as number);
  }

  /** A finite number of 0 or more. */
  nonNegative(key: string, fallback: number): number {
    return (this.value(key) ?? fallback) === 0 ? 0 : this.number(key, fallback);
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.has(key) ? this.value(key) : fallback;
    if (typeof value === 'boolean') return value;
    throw this.wrong(key, 'true or false', value);
  }

  string(key: string, fallback: string): string {
    const value = this.has(key) ? this.value(key) : fallback;
    if (typeof value === 'string') return value;
    throw this.wrong(key, 'a string', value);
  }

  /** A list of strings; null when missing or null. */
  strings(key: string): string[] | null {
    const value = this.value(key) ?? null;
    if (value === null) return null;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.wrong(key, 'a list of strings', value);
  }

  numbers(key: string): number[] {
    const value = this.value(key);
    if (Array.isArray(value) && value.every((item) => Number.isFinite(item))) return value;
    throw this.wrong(key, 'a list of numbers', value);
  }

  /** An object inside this one; null when missing or null. */
  section(key: string): ModelConfig | null {
    const value = this.value(key) ?? null;
    if (value === null) return null;
    if (isObject(value)) return new ModelConfig(value, `${this.where}: ${key}`);
    throw this.wrong(key, 'an object', value);
  }

  /** The error for a setting that this package cannot run correctly. */
  unsupported(key: string, expected: string): CircuitTracerError {
    return new CircuitTracerError(
      'ERR_UNSUPPORTED_MODEL',
      `${this.where}: ${key}: expected ${expected}, found ${describe(this.value(key))}. This package does not support such a model.`,
    );
  }

  /** The raw value; undefined when missing. */
  value(key: string): unknown {
    const [spelling] = this.spellings(key);
    return spelling === undefined ? undefined : this.values[spelling];
  }

  private spellings(key: string): string[] {
    return [key, ...(this.aliases.get(key) ?? [])].filter((spelling) => Object.hasOwn(this.values, spelling));
  }

  private wrong(key: string, expected: string, found: unknown): CircuitTracerError {
    return new CircuitTracerError(
      'ERR_UNSUPPORTED_MODEL',
      `${this.where}: ${key}: expected ${expected}, found ${describe(found)}.`,
    );
  }
}

/**
 * The maximum number of layers: more than any model has, but low enough that a tampered count cannot exhaust memory.
 */
export function readLayerCount(config: ModelConfig, key: string, fallback: number): number {
  return config.integer(key, fallback, 1024);
}

const activations: Readonly<Record<string, ModelSpec['activation']>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'geluTanh',
  gelu_fast: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
  gelu_python_tanh: 'geluTanh',
  gelu_accurate: 'geluTanh',
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
};

/** @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` for an unsupported activation. */
export function readActivation(config: ModelConfig, key: string, fallback: string): ModelSpec['activation'] {
  const name = config.string(key, fallback);
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (activation) return activation;
  throw config.unsupported(key, `one of ${Object.keys(activations).join(', ')}`);
}

/**
 * The attention window of each layer in keys; 0 means no window. A `layer_types` list takes precedence over the
 * family's pattern.
 *
 * @param isSliding the family's pattern
 */
export function readSlidingWindows(
  config: ModelConfig,
  nLayers: number,
  window: number | null,
  isSliding: (layer: number) => boolean,
): number[] {
  // transformers 5 also accepts this older name.
  const types = config.strings('layer_types')?.map((type) => (type === 'attention' ? 'full_attention' : type));
  if (
    types &&
    (types.length !== nLayers || types.some((type) => !['sliding_attention', 'full_attention'].includes(type)))
  ) {
    throw config.unsupported('layer_types', `${nLayers} entries of sliding_attention or full_attention`);
  }
  return Array.from({ length: nLayers }, (_, layer) => {
    const sliding = types ? types[layer] === 'sliding_attention' : isSliding(layer);
    return sliding ? (window ?? 0) : 0;
  });
}

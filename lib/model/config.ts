import type { ModelSpec } from '../engine/model-spec';
import { CircuitTracerError } from '../errors';
import { isObject } from '../is-object';
import { describe } from '../validate';

/**
 * Typed access to config.json. Every reader takes the default of the family's configuration class, which counts when the
 * key is missing; an explicit null counts only where the class allows it (the `optional` readers).
 *
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` from any reader whose value has the wrong type.
 */
export class ModelConfig {
  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    /** Names the file, and the section of it, in error messages. */
    readonly where: string,
    /** Other spellings of keys, as `attribute_map` of the configuration class has them. */
    private readonly aliases: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {}

  /** The same settings, each found under its other spellings too. */
  withAliases(aliases: ReadonlyMap<string, readonly string[]>): ModelConfig {
    return new ModelConfig(this.values, this.where, aliases);
  }

  /** @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` when two spellings of a key have different values. */
  checkAliases(key: string): void {
    const [first, ...others] = this.spellings(key);
    const other = others.find((spelling) => this.values[spelling] !== this.values[first as string]);
    if (first === undefined || other === undefined) return;
    throw new CircuitTracerError(
      'ERR_UNSUPPORTED_MODEL',
      `${this.where}: ${first} and ${other} mean the same; expected one value, found ${describe(this.values[first])} and ` +
        `${describe(this.values[other])}; remove the wrong one`,
    );
  }

  get isEmpty(): boolean {
    return Object.keys(this.values).length === 0;
  }

  /** These settings, and those of `under` where these have none. */
  over(under: ModelConfig | null): ModelConfig {
    return under ? new ModelConfig({ ...under.values, ...this.values }, this.where) : this;
  }

  /** False when the key is missing; an explicit null is there. */
  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  /** An integer from 1 to `max`, by default the largest size native takes. */
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

  /** A positive, finite number. */
  number(key: string, fallback: number): number {
    const value = this.has(key) ? this.value(key) : fallback;
    if (Number.isFinite(value) && (value as number) > 0) return value as number;
    throw this.wrong(key, 'a positive number', value);
  }

  optionalNumber(key: string, fallback: number | null): number | null {
    const value = this.has(key) ? this.value(key) : fallback;
    return value === null ? null : this.number(key, value as number);
  }

  /** A finite number, at least 0. */
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

  /** Null when missing or null. */
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

  /** The error for a setting this package can't run right. */
  unsupported(key: string, expected: string): CircuitTracerError {
    return new CircuitTracerError(
      'ERR_UNSUPPORTED_MODEL',
      `${this.where}: ${key}: expected ${expected}, found ${describe(this.value(key))}; this package can't run such a model`,
    );
  }

  /** The value as it is; undefined when missing. */
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
      `${this.where}: ${key}: expected ${expected}, found ${describe(found)}`,
    );
  }
}

/** Layers of a model; more than any has, and few enough that a tampered count can't exhaust memory. */
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

/** @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` for an activation outside the list. */
export function readActivation(config: ModelConfig, key: string, fallback: string): ModelSpec['activation'] {
  const name = config.string(key, fallback);
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (activation) return activation;
  throw config.unsupported(key, `one of ${Object.keys(activations).join(', ')}`);
}

/**
 * Keys each layer's attention sees; 0 = all. A `layer_types` list wins over the family's own pattern.
 *
 * @param isSliding The family's pattern.
 */
export function readSlidingWindows(
  config: ModelConfig,
  nLayers: number,
  window: number | null,
  isSliding: (layer: number) => boolean,
): number[] {
  // The older spelling of one kind, as transformers 5 reads it.
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

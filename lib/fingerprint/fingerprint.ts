import { createHash } from 'node:crypto';
import type { ModelSpec, ModelWeights } from '../engine/model-spec';
import type { TranscoderPlan } from '../engine/transcoder-spec';
import { type TensorSource, viewedShape } from '../io/tensor-source';
import { SampleReader } from './samples';

/**
 * Fingerprints of a model and its transcoders: short texts that are equal for equal configurations and numbers, on
 * every machine and for every way of loading, and almost always different otherwise. Undefined if the files could not
 * be read.
 *
 * `1:<16 hexadecimal digits>-<16 hexadecimal digits>`: the version of the algorithm, the SHA-256 of the configuration,
 * and the SHA-256 of a sample of the weights.
 */
export interface Fingerprints {
  readonly model: string | undefined;
  readonly transcoders: string | undefined;
}

/** The version of the algorithm. Fingerprints of different versions cannot be compared. */
const version = '1';

/** The parts of a fingerprint. */
export interface FingerprintParts {
  readonly version: string;
  readonly config: string;
  readonly weights: string;
}

/** Names are not included: a renamed folder contains the same model. */
export async function fingerprintsOf(
  spec: ModelSpec,
  weights: ModelWeights,
  { spec: transcoders, layers }: TranscoderPlan,
): Promise<Fingerprints> {
  const { scan: _, modelName: __, ...set } = transcoders;
  const { family: ___, ...model } = spec;
  const sources = layers.flatMap((layer, l) => Object.entries(layer).map(([name, source]) => [`${l}.${name}`, source]));
  return {
    model: await fingerprint(model, weights),
    transcoders: await fingerprint(set, Object.fromEntries(sources) as Record<string, TensorSource>),
  };
}

async function fingerprint(config: object, weights: ModelWeights): Promise<string | undefined> {
  const sampled = await hashWeights(weights);
  return sampled && `${version}:${hash(canonical(config))}-${sampled}`;
}

/** @returns undefined for a text that is not a fingerprint */
export function partsOf(text: unknown): FingerprintParts | undefined {
  const [, rule, config, weights] = typeof text === 'string' ? (/^(\w+):(\w+)-(\w+)$/.exec(text) ?? []) : [];
  return rule && config && weights ? { version: rule, config, weights } : undefined;
}

/** How many tensors are sampled concurrently. One after another, each would wait for the disk. */
const readTogether = 8;

/** Hash the name, shape and a sample of the numbers of each tensor, in the order of the names. */
async function hashWeights(weights: ModelWeights): Promise<string | undefined> {
  const reader = new SampleReader();
  const digest = createHash('sha256');
  const named = Object.entries(weights).filter(([, source]) => source !== undefined);
  named.sort(([a], [b]) => (a < b ? -1 : 1));
  try {
    for (let start = 0; start < named.length; start += readTogether) {
      const group = named.slice(start, start + readTogether);
      for (const bytes of await Promise.all(group.map(([name, source]) => told(name, source, reader))))
        digest.update(bytes);
    }
  } catch {
    // Loading reports files that cannot be read.
    return undefined;
  } finally {
    await reader.close();
  }
  return digest.digest('hex').slice(0, 16);
}

async function told(name: string, source: TensorSource, reader: SampleReader): Promise<Buffer> {
  const head = Buffer.from(`${name} [${viewedShape(source)}] + ${source.add ?? 0}\n`);
  const scales = source.scales && (await reader.read(source.scales));
  return Buffer.concat([head, await reader.read(source), ...(scales ? [scales] : [])]);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * A configuration as one text, independent of the order of its fields. Settings that are off (0, false, '', an empty
 * list or missing) are omitted, so that a new setting in a later version changes nothing until it is used. Numbers are
 * rounded to 9 digits, because the last digit of a computed frequency may depend on the machine.
 */
function canonical(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(9)));
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const fields = Object.entries(value).filter(([, field]) => isOn(field));
  const sorted = fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, field]) => `${name}:${canonical(field)}`).join()}}`;
}

function isOn(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

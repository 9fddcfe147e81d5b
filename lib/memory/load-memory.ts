import type { ResolvedLoadOptions } from '../engine/load-options';
import type { ModelWeights } from '../engine/model-spec';
import type { TranscoderPlan } from '../engine/transcoder-spec';
import type { TensorSource } from '../io/tensor-source';
import { storedBytes } from './stored-bytes';
import { type Placement, type TensorMemory, tensorMemory } from './tensor-memory';

/** A tensor and the group in which it is counted. */
interface Step {
  readonly group: WeightGroup;
  readonly source: TensorSource;
  readonly memory: TensorMemory;
}

export const weightGroups = ['model', 'encoders', 'decoders', 'skips', 'biases'] as const;
export type WeightGroup = (typeof weightGroups)[number];

/** The size of the weights in bytes by group. `biases` are those of transcoders, including thresholds. */
export type WeightBytes = Readonly<Record<WeightGroup, number>>;

export interface LoadMemory {
  /** In memory after loading, on the selected device. */
  readonly inMemory: WeightBytes;
  /** Left in their files and read on demand. */
  readonly onDisk: WeightBytes;
  /** Resident in this process after loading: copies, if the device is the CPU, and file pages. */
  readonly resident: number;
  /** The peak resident memory during loading. */
  readonly peak: number;
}

type Choice = Omit<Placement, 'lazy'> & Pick<ResolvedLoadOptions, 'lazyEncoder' | 'lazyDecoder'>;

/** Estimate the memory for loading a model, transcoders or both, tensor by tensor as native code loads them. */
export function loadMemory(
  model: { readonly weights: ModelWeights } | undefined,
  transcoders: TranscoderPlan | undefined,
  choice: Choice,
): LoadMemory {
  const steps = [
    ...(model ? modelSteps(model.weights, choice) : []),
    ...(transcoders ? setSteps(transcoders, choice) : []),
  ];
  const inMemory = emptyGroups();
  const onDisk = emptyGroups();
  const pages = new FilePages();
  let [resident, peak, held] = [0, 0, 0];
  for (const { group, source, memory } of steps) {
    const mapped = pages.add(source, memory.mapped);
    const kept = memory.copied + mapped;
    peak = Math.max(peak, resident + kept + memory.transient);
    held += memory.held;
    inMemory[group] += kept;
    onDisk[group] += memory.lazy;
    resident += choice.onCpu ? kept : mapped;
  }
  return { inMemory, onDisk, resident, peak: peak + held };
}

/** The file pages in memory. Several weights may be views of one stored tensor, whose pages count once. */
class FilePages {
  readonly #mapped = new Map<string, number>();

  /** @returns how many of the bytes were not counted before */
  add(source: TensorSource, bytes: number): number {
    const key = `${source.file}:${source.offset}`;
    const before = this.#mapped.get(key) ?? 0;
    const added = Math.min(bytes, storedBytes(source) - before);
    this.#mapped.set(key, before + added);
    return added;
  }
}

function emptyGroups(): Record<WeightGroup, number> {
  return { model: 0, encoders: 0, decoders: 0, skips: 0, biases: 0 };
}

function* modelSteps(weights: ModelWeights, choice: Choice): Generator<Step> {
  for (const [name, source] of Object.entries(weights)) {
    // Tied to the embedding, so it is not counted again.
    if (name === 'unembed.W_U' && isSame(source, weights['embed.W_E'])) continue;
    const dtype = isNorm(name) ? 'float32' : choice.dtype;
    yield { group: 'model', source, memory: tensorMemory(source, { ...choice, dtype, lazy: false }) };
  }
}

/** Gains and biases of norms are float32 regardless of the dtype. */
function isNorm(name: string): boolean {
  return /(^|\.)(ln1|ln2|ln1_post|ln2_post|ln_final|q_norm|k_norm)\.[wb]$/.test(name);
}

function isSame(a: TensorSource, b: TensorSource | undefined): boolean {
  if (!b || a.view.length > 0 || b.view.length > 0) return false;
  return a.file !== undefined && a.file === b.file && a.offset === b.offset && a.dtype === b.dtype;
}

function* setSteps({ layers }: TranscoderPlan, choice: Choice): Generator<Step> {
  for (const { encoder, encoderBias, threshold, decoder, decoderBias, skip } of layers) {
    const step = (group: WeightGroup, source: TensorSource, lazy = false): Step => ({
      group,
      source,
      memory: tensorMemory(source, { ...choice, lazy }),
    });
    yield step('encoders', encoder, choice.lazyEncoder);
    yield step('biases', encoderBias);
    if (threshold) yield step('biases', threshold);
    yield step('decoders', decoder, choice.lazyDecoder);
    yield step('biases', decoderBias);
    if (skip) yield step('skips', skip);
  }
}

import { availableParallelism } from 'node:os';
import type { Device } from '../engine/device';
import type { ComputeDtype } from '../engine/load-options';
import type { TranscoderPlan } from '../engine/transcoder-spec';
import { CircuitTracerError } from '../errors';
import { Hub } from '../hub/plan';
import { machineBytes } from '../memory-limits';
import type { ModelPlan } from '../model/families';
import { locateModel } from '../model/locate';
import { openModelPlan } from '../model/open-model';
import { resolveOptions } from '../options';
import { checkFit } from '../replacement-model/fit';
import { planTranscoders } from '../transcoder/formats';
import { checkOptions, checkText } from '../validate';
import { type AttributionMemory, attributionMemory } from './attribution-memory';
import { type LoadMemory, loadMemory } from './load-memory';
import { type MemoryOptions, memoryOptions } from './options';
import { processBytes, tokenizerBytes } from './process-memory';

/** Memory in bytes, estimated before anything is loaded. */
export interface MemoryEstimate {
  readonly dtype: ComputeDtype;
  /** `auto` counts as `cpu`. */
  readonly device: Exclude<Device, 'auto'>;
  /** Node, the package, LibTorch and the tokenizer. */
  readonly process: number;
  readonly weights: Pick<LoadMemory, 'inMemory' | 'onDisk'>;
  /** The memory of this process after loading, and its peak during loading. */
  readonly load: { readonly resident: number; readonly peak: number };
  /** Only for a model with transcoders. */
  readonly attribution: AttributionEstimate | undefined;
  /** The GPU's own memory for the weights and for the arrays of an attribution other than its edges. 0 on the CPU. */
  readonly onDevice: number;
  /** The memory that this process may use. */
  readonly machine: number;
}

export interface AttributionEstimate extends AttributionMemory {
  /** The peak resident memory of this process. */
  readonly peakResident: number;
}

/** The properties of a model or transcoders that determine memory. */
export interface MemoryParts {
  readonly model?: ModelPlan & { readonly tokenizer: number };
  readonly transcoders?: TranscoderPlan;
}

/**
 * Estimate the memory for loading a model, transcoders or both, and for an attribution if both are given. Only the
 * headers of files are read. LibTorch is not required.
 *
 * @param what as for `ReplacementModel.load`; hub references are fetched; either may be omitted
 * @throws CircuitTracerError the errors of `planTranscoders` and of opening a model; `ERR_MODEL_MISMATCH`;
 * `ERR_INVALID_ARGUMENT`.
 *
 * @example
 * const { load, attribution, machine } = await estimateMemory({ model: './gemma-2-2b', transcoders: './gemma-scope' });
 * if (load.peak > machine) console.log('Too large for this machine.');
 */
export async function estimateMemory(
  what: { readonly model?: string; readonly transcoders?: string },
  options: MemoryOptions = {},
): Promise<MemoryEstimate> {
  checkOptions(what, ['model', 'transcoders'], 'what to estimate');
  if (what.model === undefined && what.transcoders === undefined) {
    throw new CircuitTracerError(
      'ERR_INVALID_ARGUMENT',
      'what to estimate must have a model, transcoders or both; found neither.',
    );
  }
  const model = what.model === undefined ? undefined : await openModel(checkText(what.model, 'model'));
  const transcoders =
    what.transcoders === undefined ? undefined : await planTranscoders(checkText(what.transcoders, 'transcoders'));
  if (model && transcoders) checkFit(model.spec, transcoders.spec);
  return memoryOf({ ...(model && { model }), ...(transcoders && { transcoders }) }, options);
}

async function openModel(name: string): Promise<MemoryParts['model']> {
  const { folder } = await locateModel(name, await Hub.open());
  return { ...(await openModelPlan(folder)), tokenizer: await tokenizerBytes(folder) };
}

/** Estimate the memory for a model and transcoders that have been opened. */
export function memoryOf({ model, transcoders }: MemoryParts, options: MemoryOptions = {}): MemoryEstimate {
  const resolved = resolveOptions(memoryOptions, options);
  const { dtype } = resolved;
  const device = resolved.device === 'auto' ? 'cpu' : resolved.device;
  const onCpu = device === 'cpu';
  const load = loadMemory(model, transcoders, { ...resolved, onCpu });
  const own = processBytes + (model?.tokenizer ?? 0);
  const resident = own + load.resident;
  const attribution =
    model &&
    transcoders &&
    attributionMemory(model.spec, transcoders.spec, {
      ...resolved,
      threads: onCpu ? availableParallelism() : 0,
      // The memory of a GPU is not known here.
      free: onCpu ? Math.max(0, machineBytes() - resident) : Number.POSITIVE_INFINITY,
    });
  const weights = { inMemory: load.inMemory, onDisk: load.onDisk };
  const inMemory = Object.values(load.inMemory).reduce((sum, bytes) => sum + bytes, 0);
  return {
    dtype,
    device,
    weights,
    process: own,
    machine: machineBytes(),
    onDevice: onCpu ? 0 : inMemory + (attribution ? attribution.peak - attribution.edges : 0),
    load: { resident, peak: own + load.peak },
    attribution: attribution && {
      ...attribution,
      peakResident: resident + (onCpu ? attribution.peak : attribution.edges),
    },
  };
}

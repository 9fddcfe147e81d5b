import type { NativeGraphData, NativeTarget } from '../engine/binding';
import { resolveDevice } from '../engine/device';
import { nativeProgress } from '../engine/jobs';
import type { NativeModel } from '../engine/native-model';
import { nativeSettings } from '../engine/settings';
import { CircuitTracerError } from '../errors';
import { log } from '../log';
import { largestArray, machineBytes } from '../memory-limits';
import type { PreparedPrompt } from '../model/prompt';
import type { Progress, ProgressListener } from '../progress';
import { withOffloadFolder } from './offload-folder';
import type { ResolvedAttributeOptions } from './options';

/**
 * Run native attribution, with a temporary folder if it needs one.
 *
 * @throws CircuitTracerError `ERR_DEVICE`; `ERR_OUT_OF_MEMORY` with a batch size to try; or what native code reports.
 */
export async function runAttribution(
  model: NativeModel,
  { tokens, specialPositions }: PreparedPrompt,
  options: ResolvedAttributeOptions,
  targets: readonly NativeTarget[],
): Promise<NativeGraphData> {
  const progress = nativeProgress(options.verbose ? logged(options.onProgress) : options.onProgress);
  const devices = options.devices.map((device) => resolveDevice(device));
  const run = (offload: string) =>
    model.run(
      (engine, transformer, transcoders) =>
        engine.attribute(
          transformer,
          transcoders,
          {
            ...nativeSettings(options),
            devices,
            tokens,
            specialPositions,
            offload,
            targets,
            availableMemory: process.availableMemory(),
            mostEdgeBytes: machineBytes() - process.memoryUsage.rss(),
            blockBytes: largestArray,
          },
          progress,
        ),
      options.signal,
    );
  try {
    return await (options.offload === 'disk' ? withOffloadFolder(run) : run(options.offload ?? ''));
  } catch (error) {
    throw memoryAdvice(error, options);
  }
}

/** Log the start of each phase and pass the progress on. */
function logged(listener: ProgressListener | undefined): ProgressListener {
  let current = '';
  return (progress: Progress) => {
    if (progress.phase !== current) log().info({ total: progress.total || undefined }, progress.phase);
    current = progress.phase;
    listener?.(progress);
  };
}

function memoryAdvice(error: unknown, { batchSize, offload }: ResolvedAttributeOptions): unknown {
  if (!(error instanceof CircuitTracerError) || error.code !== 'ERR_OUT_OF_MEMORY') return error;
  // The message from native code already says what fits.
  if (error.message.includes('maxFeatureNodes')) return error;
  const rest = offload ? 'fewer maxFeatureNodes' : "offload 'cpu', or fewer maxFeatureNodes";
  const advice =
    batchSize !== 'auto' && batchSize > 1
      ? `Try batchSize ${Math.ceil(batchSize / 4)} or 'auto', ${rest}`
      : `Try ${rest}, or a shorter prompt`;
  return new CircuitTracerError('ERR_OUT_OF_MEMORY', `${error.message} ${advice}.`, { cause: error });
}

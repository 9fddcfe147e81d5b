import { openCheckpoint } from './checkpoint';
import { type ModelPlan, planModel } from './families';
import { settleHead } from './output-head';

/**
 * How to run the checkpoint of a folder, with warnings where config.json and the weights disagree.
 *
 * @throws CircuitTracerError what {@link openCheckpoint}, {@link planModel} and {@link settleHead} throw.
 */
export async function openModelPlan(folder: string, signal?: AbortSignal): Promise<ModelPlan> {
  return settleHead(planModel(await openCheckpoint(folder)), signal);
}

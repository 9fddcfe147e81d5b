import { openCheckpoint } from './checkpoint';
import { type ModelPlan, planModel } from './families';
import { settleHead } from './output-head';

/**
 * Determine how to run the checkpoint in a folder. Warns when config.json and the weights disagree.
 *
 * @throws CircuitTracerError as {@link openCheckpoint}, {@link planModel} and {@link settleHead}.
 */
export async function openModelPlan(folder: string, signal?: AbortSignal): Promise<ModelPlan> {
  return settleHead(planModel(await openCheckpoint(folder)), signal);
}

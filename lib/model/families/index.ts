import { join } from 'node:path';
import type { Checkpoint } from '../checkpoint';
import { ModelConfig } from '../config';
import { aliasesOf, type ConfigKey, checkConfigKeys, commonKeys } from './config-keys';
import type { Family, ModelPlan } from './family';
import { gemma2 } from './gemma2';
import { gemma3 } from './gemma3';
import { gptNeox } from './gpt-neox';
import { gptOss } from './gpt-oss';
import { gpt2 } from './gpt2';
import { llama } from './llama';
import { mistral } from './mistral';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';

export type { ModelPlan } from './family';

export const families: readonly Family[] = [gpt2, gptNeox, llama, mistral, qwen2, qwen3, gemma2, gemma3, gptOss];

/** The values of `model_type` in config.json that {@link planModel} accepts. */
export const supportedModelTypes: readonly string[] = families.flatMap((family) => family.modelTypes);

/**
 * Determine how to run a checkpoint from config.json and the headers of its weight files.
 *
 * Every required tensor is checked for presence, shape and number format. Others are ignored.
 *
 * @throws CircuitTracerError `ERR_UNSUPPORTED_MODEL` for an unknown `model_type`, a setting of the wrong type or one
 * that this package does not support; `ERR_WEIGHT` for a tensor that is missing or has the wrong shape or number
 * format.
 */
export function planModel(checkpoint: Checkpoint): ModelPlan {
  const config = new ModelConfig(checkpoint.config, join(checkpoint.folder, 'config.json'));
  const family = families.find(({ modelTypes }) => modelTypes.includes(config.value('model_type') as string));
  if (!family) throw config.unsupported('model_type', `one of ${supportedModelTypes.join(', ')}`);
  const section = family.section?.(config) ?? null;
  if (section) checkConfigKeys(config, commonKeys);
  const keys = keysOf(family);
  const settings = (section ?? config).withAliases(aliasesOf(keys));
  checkConfigKeys(settings, keys);
  return family.plan(checkpoint, settings, config);
}

/** The keys of a family's configuration class, including those that all classes share. */
export function keysOf({ keys }: Family): ConfigKey[] {
  const own = new Set(keys.map(({ key }) => key));
  return [...keys, ...commonKeys.filter(({ key }) => !own.has(key))];
}

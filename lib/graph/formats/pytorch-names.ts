import { families } from '../../model/families';

/** The name for it in graph files of the Python library; the family itself where none here has that name. */
export function architectureOf(family: string): string {
  return families.find(({ modelTypes: [name] }) => name === family)?.architectures[0] ?? family;
}

/** The architecture itself for a model of no supported family. */
export function familyOf(architecture: string): string {
  return families.find(({ architectures }) => architectures.includes(architecture))?.modelTypes[0] ?? architecture;
}

/** The classes in graph files of the reference implementation, in all its versions. */
export const unifiedConfig = { module: 'circuit_tracer.utils.tl_nnsight_mapping', name: 'UnifiedConfig' };
export const logitTarget = { module: 'circuit_tracer.attribution.targets', name: 'LogitTarget' };

/** These classes, and the configuration of TransformerLens under all its module names. */
export const recordClasses: ReadonlySet<string> = new Set([
  `${unifiedConfig.module}.${unifiedConfig.name}`,
  `${logitTarget.module}.${logitTarget.name}`,
  'transformer_lens.HookedTransformerConfig.HookedTransformerConfig',
  'transformer_lens.config.HookedTransformerConfig.HookedTransformerConfig',
  'transformer_lens.config.hooked_transformer_config.HookedTransformerConfig',
  'transformer_lens.config.transformer_lens_config.TransformerLensConfig',
  'transformer_lens.config.TransformerLensConfig.TransformerLensConfig',
  'transformer_lens.config.transformer_bridge_config.TransformerBridgeConfig',
  'transformer_lens.config.TransformerBridgeConfig.TransformerBridgeConfig',
]);

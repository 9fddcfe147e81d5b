/** The Hugging Face architecture of each family in graphs. */
const architectures: Readonly<Record<string, string>> = {
  gpt2: 'GPT2LMHeadModel',
  gpt_neox: 'GPTNeoXForCausalLM',
  llama: 'LlamaForCausalLM',
  mistral: 'MistralForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
  gemma2: 'Gemma2ForCausalLM',
  gemma3: 'Gemma3ForCausalLM',
  gpt_oss: 'GptOssForCausalLM',
};

const otherNames: Readonly<Record<string, string>> = { Gemma3ForConditionalGeneration: 'gemma3' };

export function architectureOf(family: string): string {
  return Object.hasOwn(architectures, family) ? (architectures[family] as string) : family;
}

/** The architecture itself for a model of no supported family. */
export function familyOf(architecture: string): string {
  const [family] = Object.entries(architectures).find(([, name]) => name === architecture) ?? [];
  return family ?? otherNames[architecture] ?? architecture;
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

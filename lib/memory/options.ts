import { weightOptions } from '../engine/load-options';
import { attributionSettings } from '../engine/settings';
import { integer, number } from '../kinds';
import { defineOptions, type OptionsOf, pickOptions } from '../options';

export const memoryOptions = defineOptions({
  ...weightOptions,
  /** Tokens of the prompt, its special token included. Default 64. */
  tokens: {
    kind: integer(1),
    default: 64,
    flag: '--prompt-tokens <n>',
    help: 'tokens of a prompt, for the memory of an attribution',
  },
  ...pickOptions(attributionSettings, 'batchSize', 'maxFeatureNodes'),
  /** Active features of each layer at each token, on average. Default 50. */
  activePerToken: { kind: number(0), default: 50 },
});

/** As for loading and for attribution. The device `auto` counts as the CPU. */
export interface MemoryOptions extends OptionsOf<typeof memoryOptions> {}

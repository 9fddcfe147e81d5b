import { weightOptions } from '../engine/load-options';
import { attributionSettings } from '../engine/settings';
import { integer, number } from '../kinds';
import { defineOptions, type OptionsOf, pickOptions } from '../options';

const ownOptions = defineOptions({
  /** Tokens of the prompt, its special token included. Default 64. */
  tokens: {
    kind: integer(1),
    default: 64,
    flag: '--prompt-tokens <n>',
    help: 'tokens of a prompt, for the memory of an attribution',
  },
  /** Active features of each layer at each token, on average. Default 50. */
  activePerToken: { kind: number(0), default: 50 },
});

export const sizeOptions: typeof ownOptions & Pick<typeof attributionSettings, 'batchSize' | 'maxFeatureNodes'> = {
  ...ownOptions,
  ...pickOptions(attributionSettings, 'batchSize', 'maxFeatureNodes'),
};

export const memoryOptions: typeof weightOptions & typeof sizeOptions = { ...weightOptions, ...sizeOptions };

/** As for loading and for attribution. The device `auto` counts as the CPU. */
export interface MemoryOptions extends OptionsOf<typeof memoryOptions> {}

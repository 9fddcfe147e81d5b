import { weightOptions } from '../engine/load-options';
import { attributionSettings } from '../engine/settings';
import { integer, number } from '../kinds';
import { defineOptions, type OptionsOf, pickOptions } from '../options';

const ownOptions = defineOptions({
  /** The number of tokens in the prompt, including its special token. Default 64. */
  tokens: {
    kind: integer(1),
    default: 64,
    flag: '--prompt-tokens <n>',
    help: 'tokens of the prompt, for estimating the memory of an attribution',
  },
  /** The average number of active features per layer and token. Default 50. */
  activePerToken: { kind: number(0), default: 50 },
});

export const sizeOptions: typeof ownOptions & Pick<typeof attributionSettings, 'batchSize' | 'maxFeatureNodes'> = {
  ...ownOptions,
  ...pickOptions(attributionSettings, 'batchSize', 'maxFeatureNodes'),
};

export const memoryOptions: typeof weightOptions & typeof sizeOptions = { ...weightOptions, ...sizeOptions };

/** Options of loading and attribution. The device `auto` counts as the CPU. */
export interface MemoryOptions extends OptionsOf<typeof memoryOptions> {}

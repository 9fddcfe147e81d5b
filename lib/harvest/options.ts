import { callOptions } from '../call-options';
import { integer, text } from '../kinds';
import { defineOptions, type OptionsOf, type ResolvedOf, resolveOptions } from '../options';

const ownHarvestOptions = defineOptions({
  /** The corpus: `.txt` with one document per line, or `.jsonl` with a field `text`. Both may be gzipped. */
  text: {
    kind: text,
    required: true,
    flag: '--text <file>',
    help: 'corpus: .txt with one document per line, or .jsonl with text; may be gzipped',
  },
  /** The folder for `index.json.gz` and `layer_l.bin`. It is created if missing. */
  out: {
    kind: text,
    required: true,
    flag: '--out <folder>',
    help: 'folder for the packed examples; a folder named features beside config.yaml is found automatically',
  },
  /** The maximum number of tokens to run at once, including special tokens at the start. Default 128. */
  context: {
    kind: integer(2, 2 ** 20),
    default: 128,
    flag: '--context <n>',
    help: 'maximum number of tokens to run at once',
  },
  /** The number of examples of the strongest activations. Default 20. */
  topExamples: {
    kind: integer(1, 1000),
    default: 20,
    flag: '--top-examples <n>',
    help: 'number of examples of the strongest activations',
  },
  /** The maximum number of these examples that may show the same word. Default 5. */
  sameWord: {
    kind: integer(1, 1000),
    default: 5,
    flag: '--same-word <n>',
    help: 'maximum number of these examples with the same word',
  },
  /** The number of intervals of the activation range that have their own examples. Default 4. */
  intervals: {
    kind: integer(0, 100),
    default: 4,
    flag: '--intervals <n>',
    help: 'number of intervals of the activation range with their own examples',
  },
  /** The number of examples for each interval. Default 5. */
  intervalExamples: {
    kind: integer(0, 1000),
    default: 5,
    flag: '--interval-examples <n>',
    help: 'number of examples for each interval',
  },
  /** The number of tokens to show for an example. Default 48. */
  window: {
    kind: integer(1, 10_000),
    default: 48,
    flag: '--window <n>',
    help: 'number of tokens to show for an example',
  },
  /** The number of bars in the histogram. Default 40. */
  bins: { kind: integer(1, 1000), default: 40, flag: '--bins <n>', help: 'number of bars in the histogram' },
  /** The number of promoted and of suppressed tokens to list. Default 10. */
  logits: {
    kind: integer(0, 1000),
    default: 10,
    flag: '--logits <n>',
    help: 'number of promoted and of suppressed tokens to list',
  },
  /**
   * The number of positions to keep per feature as candidates for the top examples. If texts and words repeat, fewer
   * examples may remain. Default 100.
   */
  candidates: {
    kind: integer(1, 1_000_000),
    default: 100,
    flag: '--candidates <n>',
    help: 'number of positions to keep per feature for its top examples',
  },
  /**
   * The number of positions to sample per feature for quantiles, histogram and the examples of intervals. Exact for
   * features that are active on fewer tokens. Default 200.
   */
  sample: {
    kind: integer(1, 1_000_000),
    default: 200,
    flag: '--sample <n>',
    help: 'number of positions to sample per feature for quantiles and intervals',
  },
  /** The number of seconds between saves of the state, from which a later call can resume. Default 60. */
  saveInterval: {
    kind: integer(0, 86_400),
    default: 60,
    flag: '--save-interval <n>',
    help: 'seconds between saves of the state for resuming',
  },
});

export const harvestOptions: typeof ownHarvestOptions & typeof callOptions = { ...ownHarvestOptions, ...callOptions };

export interface HarvestOptions extends OptionsOf<typeof harvestOptions> {}

export type ResolvedHarvestOptions = ResolvedOf<typeof harvestOptions>;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range. */
export function resolveHarvestOptions(options: HarvestOptions): ResolvedHarvestOptions {
  return resolveOptions(harvestOptions, options, 'harvest options');
}

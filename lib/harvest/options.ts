import { callOptions } from '../call-options';
import { integer, text } from '../kinds';
import { defineOptions, type OptionsOf, type ResolvedOf, resolveOptions } from '../options';

const ownHarvestOptions = defineOptions({
  /** Corpus: `.txt` with a document per line, or `.jsonl` with `text`; either also gzipped. */
  text: {
    kind: text,
    required: true,
    flag: '--text <file>',
    help: 'corpus: .txt, a document per line, or .jsonl with text; also .gz',
  },
  /** Folder for `index.json.gz` and `layer_l.bin`; made when missing. */
  out: {
    kind: text,
    required: true,
    flag: '--out <folder>',
    help: 'folder for the packed examples; features beside config.yaml is found',
  },
  /** Longest stretch of a document that is run at once, in tokens, special ones in front included. Default 128. */
  context: {
    kind: integer(2, 2 ** 20),
    default: 128,
    flag: '--context <n>',
    help: 'tokens of a document run at once',
  },
  /** Examples of the strongest activations. Default 20. */
  topExamples: {
    kind: integer(1, 1000),
    default: 20,
    flag: '--top-examples <n>',
    help: 'examples of the strongest activations',
  },
  /** A word is shown at most so often among them. Default 5. */
  sameWord: {
    kind: integer(1, 1000),
    default: 5,
    flag: '--same-word <n>',
    help: 'times a word is shown among them',
  },
  /** Parts of the range of activations that have examples, too. Default 4. */
  intervals: {
    kind: integer(0, 100),
    default: 4,
    flag: '--intervals <n>',
    help: 'parts of the range of activations with examples',
  },
  /** Examples of each. Default 5. */
  intervalExamples: {
    kind: integer(0, 1000),
    default: 5,
    flag: '--interval-examples <n>',
    help: 'examples of each',
  },
  /** Tokens shown of an example. Default 48. */
  window: { kind: integer(1, 10_000), default: 48, flag: '--window <n>', help: 'tokens shown of an example' },
  /** Bars of the histogram. Default 40. */
  bins: { kind: integer(1, 1000), default: 40, flag: '--bins <n>', help: 'bars of the histogram' },
  /** Tokens listed that a feature makes likelier, and less likely. Default 10. */
  logits: { kind: integer(0, 1000), default: 10, flag: '--logits <n>', help: 'tokens made likelier, and less likely' },
  /** Places kept of each feature to choose the top examples from; where texts and words repeat, they run out and fewer examples are shown. Default 100. */
  candidates: {
    kind: integer(1, 1_000_000),
    default: 100,
    flag: '--candidates <n>',
    help: 'places kept of a feature for its top examples',
  },
  /**
   * Places kept of each feature, chosen as if at random, for quantiles, histogram and the examples of intervals: exact for
   * features active on fewer tokens. Default 200.
   */
  sample: {
    kind: integer(1, 1_000_000),
    default: 200,
    flag: '--sample <n>',
    help: 'places kept of it for quantiles and intervals',
  },
  /** Seconds between saves of what has been gathered, for a later call to go on from. Default 60. */
  saveInterval: {
    kind: integer(0, 86_400),
    default: 60,
    flag: '--save-interval <n>',
    help: 'seconds between saves to go on from',
  },
});

export const harvestOptions: typeof ownHarvestOptions & typeof callOptions = { ...ownHarvestOptions, ...callOptions };

export interface HarvestOptions extends OptionsOf<typeof harvestOptions> {}

export type ResolvedHarvestOptions = ResolvedOf<typeof harvestOptions>;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range. */
export function resolveHarvestOptions(options: HarvestOptions): ResolvedHarvestOptions {
  return resolveOptions(harvestOptions, options, 'harvest options');
}

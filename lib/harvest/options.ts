import { checkListener, type ProgressListener } from '../progress';
import { checkInteger, checkOptions, checkSignal, checkText } from '../validate';

export interface HarvestOptions {
  /** Corpus: `.txt` with a document per line, or `.jsonl` with `text`; either also gzipped. */
  readonly text: string;
  /** Folder for `index.json.gz` and `layer_l.bin`; made when missing. */
  readonly out: string;
  /** Longest stretch of a document that is run at once, in tokens, special ones in front included. Default 128. */
  readonly context?: number;
  /** Examples of the strongest activations. Default 20. */
  readonly topExamples?: number;
  /** A word is shown at most so often among them. Default 5. */
  readonly sameWord?: number;
  /** Parts of the range of activations that have examples, too. Default 4. */
  readonly intervals?: number;
  /** Examples of each. Default 5. */
  readonly intervalExamples?: number;
  /** Tokens shown of an example. Default 48. */
  readonly window?: number;
  /** Bars of the histogram. Default 40. */
  readonly bins?: number;
  /** Tokens listed that a feature makes likelier, and less likely. Default 10. */
  readonly logits?: number;
  /** Places kept of each feature to choose the top examples from; where texts and words repeat, they run out and fewer examples are shown. Default 100. */
  readonly candidates?: number;
  /**
   * Places kept of each feature, chosen as if at random, for quantiles, histogram and the examples of intervals: exact for
   * features active on fewer tokens. Default 200.
   */
  readonly sample?: number;
  /** Seconds between saves of what has been gathered, for a later call to go on from. Default 60. */
  readonly saveInterval?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

export const harvestDefaults = {
  context: 128,
  topExamples: 20,
  sameWord: 5,
  intervals: 4,
  intervalExamples: 5,
  window: 48,
  bins: 40,
  logits: 10,
  candidates: 100,
  sample: 200,
  saveInterval: 60,
} as const;

type Numbers = { readonly [name in keyof typeof harvestDefaults]: number };

export type ResolvedHarvestOptions = Numbers & {
  readonly text: string;
  readonly out: string;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ProgressListener | undefined;
};

const ranges: { readonly [name in keyof Numbers]: readonly [number, number] } = {
  context: [2, 2 ** 20],
  topExamples: [1, 1000],
  sameWord: [1, 1000],
  intervals: [0, 100],
  intervalExamples: [0, 1000],
  window: [1, 10_000],
  bins: [1, 1000],
  logits: [0, 1000],
  candidates: [1, 1_000_000],
  sample: [1, 1_000_000],
  saveInterval: [0, 86_400],
};

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range. */
export function resolveHarvestOptions(options: HarvestOptions): ResolvedHarvestOptions {
  checkOptions(options, ['text', 'out', 'signal', 'onProgress', ...Object.keys(harvestDefaults)], 'harvest options');
  const names = Object.keys(harvestDefaults) as (keyof Numbers)[];
  const numbers = names.map((name) => [
    name,
    checkInteger(options[name] ?? harvestDefaults[name], name, ...ranges[name]),
  ]);
  return {
    ...(Object.fromEntries(numbers) as Numbers),
    text: checkText(options.text, 'text'),
    out: checkText(options.out, 'out'),
    signal: checkSignal(options.signal),
    onProgress: checkListener(options.onProgress),
  };
}

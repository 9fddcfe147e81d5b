import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PackedWriter } from '../features/packed-writer';
import type { ExampleQuantile, FeatureExamples } from '../graph-file/feature-examples';
import { absolutePath } from '../io/absolute-path';
import { regularFile } from '../io/files';
import { packageVersion } from '../package-version';
import { Phase } from '../progress';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import { checkNotAborted } from '../validate';
import { checkHarvestFiles, checkHarvestModel, noText } from './check';
import { type ChosenFeature, cutExamples } from './examples';
import { gather } from './gather';
import { knownActivations } from './known-activations';
import { type HarvestOptions, type ResolvedHarvestOptions, resolveHarvestOptions } from './options';
import { selectExamples } from './select-examples';
import { type HarvestState, loadState, saveState, type TextPlace } from './state-file';
import { resumable, StateKeeper } from './state-keeper';
import { statisticsOf } from './statistics';
import { type FeatureTally, Tallies } from './tally';

export interface HarvestResult {
  /** The folder of the packed examples. */
  readonly directory: string;
  /** The number of tokens of the corpus, without leading special tokens. */
  readonly tokens: number;
  /** The number of features that were active at least once. */
  readonly features: number;
}

const stateFile = 'harvest-state.bin';
const textStart: TextPlace = { line: 0, start: 0 };
/** The number of tokens of examples in memory while their activations are computed. */
const heldTokens = 8_000_000;

/**
 * Run a corpus through a model and write the examples of each feature: its strongest examples, examples from its
 * activation range, quantiles, histogram, frequency, and the tokens with raised and lowered logits. They are written in
 * the packed layout that `PackedFeatures`, the page and the server read.
 *
 * The corpus is streamed: memory depends on the number of features, not on the length of the text. A feature keeps at
 * most candidates + sample positions of 24 bytes. The state is saved periodically in the folder. After an interruption,
 * the same call resumes from there and writes the same bytes.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`; `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT` for the
 * text or the saved state of an interrupted harvest; `ERR_TOKENIZER`, `ERR_FILE_WRITE`, `ERR_NUMERIC`, `ERR_DISPOSED`
 * or `ABORT_ERR`.
 */
export async function harvestFeatures(model: ReplacementModel, options: HarvestOptions): Promise<HarvestResult> {
  const resolved = resolveHarvestOptions(options);
  const { text, out, signal } = resolved;
  checkNotAborted(signal);
  await checkHarvestFiles(resolved);
  await checkHarvestModel(model, resolved);
  const { size, mtimeMs } = await regularFile(text);
  const path = join(absolutePath(out), stateFile);
  const state = await gathered(model, resolved, path, { size, mtimeMs });
  const folder = absolutePath(out);
  const features = await writeExamples(model, resolved, folder, state.tallies).catch((error: unknown) => {
    throw resumable(error, path);
  });
  await rm(path, { force: true });
  return { directory: folder, tokens: state.tallies.tokens, features };
}

async function gathered(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  path: string,
  { size, mtimeMs }: { size: number; mtimeMs: number },
): Promise<HarvestState> {
  const { candidates, sample, saveInterval } = options;
  const activations = await knownActivations(model, options.signal);
  const identity = { key: describeIdentity(model, options, size, mtimeMs), activations };
  const { nFeatures } = model.transcoderSpec;
  const earlier = await loadState(path, identity, { candidates, sample, nFeatures, dVocab: model.spec.dVocab });
  if (earlier?.complete) return earlier;
  const tallies = earlier?.tallies ?? new Tallies({ candidates, sample });
  const keeper = new StateKeeper(path, identity, saveInterval);
  const progress = new Phase(options.onProgress, 'harvest', size);
  try {
    await gather(model, options, tallies, earlier?.next ?? textStart, async (bytesRead, next) => {
      progress.reach(bytesRead);
      await keeper.keep({ tallies, next, complete: false });
    });
  } catch (error) {
    throw await keeper.rescue(error);
  }
  if (tallies.tokens === 0) throw noText(options.text);
  const complete = { tallies, next: textStart, complete: true };
  await saveState(path, identity, complete);
  progress.end();
  return complete;
}

/** Everything that the collected data depends on. */
function describeIdentity(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  size: number,
  mtimeMs: number,
): string {
  const { text, context, candidates, sample } = options;
  const { name, dtype, transcoderSpec, spec } = model;
  const parts = {
    text: absolutePath(text),
    size,
    mtimeMs,
    context,
    candidates,
    sample,
    name,
    dtype,
    spec,
    transcoderSpec,
  };
  return JSON.stringify({ ...parts, packageVersion });
}

async function writeExamples(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  folder: string,
  tallies: Tallies,
): Promise<number> {
  const { nLayers, nFeatures } = model.transcoderSpec;
  const all = nFeatures.flatMap((count, layer) => Array.from({ length: count }, (_, feature) => ({ layer, feature })));
  const writer = await PackedWriter.open(folder);
  const progress = new Phase(options.onProgress, 'examples', nLayers);
  let [written, layers] = [0, 0];
  let logits: NamedLogits = () => ({});
  try {
    for (const group of inGroups(all, options)) {
      progress.reach(layers);
      for (const { layer, feature, examples } of await withExamples(model, options, tallies, group)) {
        for (; layers <= layer; layers++) {
          await writer.startLayer();
          logits = await namedLogits(model, layers, options);
        }
        const tally = tallies.find(layer, feature);
        await writer.add(tally && record(model, options, { layer, feature, examples, tally, tallies, logits }));
        if (tally) written++;
      }
    }
    await writer.finish();
    progress.end();
  } finally {
    await writer.discard();
  }
  return written;
}

interface FeaturePlace {
  readonly layer: number;
  readonly feature: number;
}

/** Group the features whose examples are in memory together. */
function* inGroups(all: readonly FeaturePlace[], options: ResolvedHarvestOptions): Iterable<readonly FeaturePlace[]> {
  const { topExamples, intervals, intervalExamples, window } = options;
  const size = Math.max(1, Math.floor(heldTokens / ((topExamples + intervals * intervalExamples) * window)));
  for (let begin = 0; begin < all.length; begin += size) yield all.slice(begin, begin + size);
}

/** The features of a group in order, with examples for those that were active. */
async function withExamples(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  tallies: Tallies,
  group: readonly FeaturePlace[],
): Promise<(FeaturePlace & { examples: ExampleQuantile[] })[]> {
  const chosen = group.map(({ layer, feature }): ChosenFeature => {
    const tally = tallies.find(layer, feature);
    return { layer, feature, quantiles: tally ? selectExamples(tally, options) : [] };
  });
  const examples = await cutExamples(model, options, chosen);
  return group.map((place, i) => ({ ...place, examples: examples[i] ?? [] }));
}

type NamedLogits = (feature: number) => Pick<FeatureExamples, 'top_logits' | 'bottom_logits'>;

async function namedLogits(
  model: ReplacementModel,
  layer: number,
  options: ResolvedHarvestOptions,
): Promise<NamedLogits> {
  const count = Math.min(options.logits, model.spec.dVocab);
  if (count === 0) return () => ({});
  const { top, bottom } = await model.featureLogits(layer, count, { signal: options.signal });
  const named = (ids: Int32Array, feature: number) =>
    Array.from(ids.subarray(feature * count, (feature + 1) * count), (id) => model.decodeToken(id));
  return (feature) => ({ top_logits: named(top, feature), bottom_logits: named(bottom, feature) });
}

interface Known extends FeaturePlace {
  readonly examples: ExampleQuantile[];
  readonly tally: FeatureTally;
  readonly tallies: Tallies;
  readonly logits: NamedLogits;
}

function record(
  { transcoderSpec: { scan } }: ReplacementModel,
  { bins }: ResolvedHarvestOptions,
  { layer, feature, examples, tally, tallies, logits }: Known,
): FeatureExamples {
  return {
    transcoder_id: typeof scan === 'string' ? `${scan}-${layer}` : (scan[layer] ?? ''),
    index: feature,
    examples_quantiles: examples,
    ...logits(feature),
    ...statisticsOf(tally, tallies.tokens, bins),
  };
}

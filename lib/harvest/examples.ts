import type { ExampleQuantile, FeatureExample } from '../graph-file/feature-examples';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import { type Batch, inBatches, rowOf } from './batches';
import { readDocuments } from './documents';
import type { ResolvedHarvestOptions } from './options';
import type { Place } from './place-heap';
import type { ChosenQuantile } from './select-examples';

/** A feature whose positions have been chosen. */
export interface ChosenFeature {
  readonly layer: number;
  readonly feature: number;
  readonly quantiles: readonly ChosenQuantile[];
}

/** An example to extract from a document: the tokens and activations around a position. */
interface Cut {
  readonly layer: number;
  readonly feature: number;
  readonly place: Place;
  example: FeatureExample | undefined;
}

/**
 * Collect the examples at the chosen positions. Their documents are run again for the activations around each position.
 *
 * @returns the quantiles with examples of each feature
 */
export async function cutExamples(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  features: readonly ChosenFeature[],
): Promise<ExampleQuantile[][]> {
  const cuts = features.map(({ layer, feature, quantiles }) =>
    quantiles.map(({ places }) => places.map((place): Cut => ({ layer, feature, place, example: undefined }))),
  );
  const byLine = new Map<number, Cut[]>();
  for (const cut of cuts.flat(2)) byLine.set(cut.place.line, [...(byLine.get(cut.place.line) ?? []), cut]);
  for await (const batch of inBatches(neededDocuments(model, options, byLine))) {
    const { tokens, lengths } = rowOf(batch);
    const found = await model.documentActivations(tokens, lengths, batch.specialPositions, options.signal);
    fillCuts(model, options, batch, found, byLine);
  }
  return features.map(({ quantiles }, i) =>
    quantiles.map(({ name }, q) => ({
      quantile_name: name,
      examples: (cuts[i]?.[q] ?? []).map(({ example }) => example as FeatureExample),
    })),
  );
}

async function* neededDocuments(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  byLine: ReadonlyMap<number, readonly Cut[]>,
) {
  for await (const document of readDocuments(model, options, (line) => byLine.has(line))) {
    const end = document.start + document.tokens.length;
    const cuts = byLine.get(document.line) ?? [];
    if (cuts.some(({ place }) => place.position >= document.start && place.position < end)) yield document;
  }
}

function fillCuts(
  model: ReplacementModel,
  options: ResolvedHarvestOptions,
  { documents, specialPositions }: Batch,
  { indices, values }: { indices: Int32Array; values: Float32Array },
  byLine: ReadonlyMap<number, readonly Cut[]>,
): void {
  const rows = new Map<string, Float32Array>();
  const cuts: { cut: Cut; number: number; activations: Float32Array }[] = [];
  const begins: number[] = [];
  let at = 0;
  for (const [number, { line, start, tokens }] of documents.entries()) {
    begins.push(at + specialPositions);
    at += specialPositions + tokens.length;
    for (const cut of byLine.get(line) ?? []) {
      const { position } = cut.place;
      if (position < start || position >= start + tokens.length) continue;
      const key = `${number}:${cut.layer}:${cut.feature}`;
      const activations = rows.get(key) ?? new Float32Array(tokens.length);
      rows.set(key, activations);
      cuts.push({ cut, number, activations });
    }
  }
  const owner = new Uint32Array(at);
  for (const [number, begin] of begins.entries()) owner.fill(number, begin - specialPositions);
  for (let i = 0; i < values.length; i++) {
    const row = indices[3 * i + 1] ?? 0;
    const number = owner[row] ?? 0;
    const wanted = rows.get(`${number}:${indices[3 * i]}:${indices[3 * i + 2]}`);
    if (wanted) wanted[row - (begins[number] ?? 0)] = values[i] ?? 0;
  }
  for (const { cut, number, activations } of cuts) {
    const { start, tokens } = documents[number] as Batch['documents'][number];
    cut.example = cutExample(model, options, tokens, activations, cut.place.position - start);
  }
}

/** The share of an example after the token that it was chosen for. */
const shareAfter = 0.3;

function cutExample(
  model: ReplacementModel,
  { window }: ResolvedHarvestOptions,
  tokens: Int32Array,
  activations: Float32Array,
  at: number,
): FeatureExample {
  const after = Math.floor(window * shareAfter);
  const begin = Math.max(0, Math.min(at - window + 1 + after, tokens.length - window));
  const end = Math.min(tokens.length, begin + window);
  return {
    tokens: Array.from(tokens.subarray(begin, end), (id) => model.decodeToken(id)),
    tokens_acts_list: Array.from(activations.subarray(begin, end), rounded),
    train_token_ind: at - begin,
    is_repeated_datapoint: false,
  };
}

/** Round to three digits, which are enough for display and take a third of the space. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

import type { NativeFeatureEdit, NativeVectorEdit } from '../engine/binding';
import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import { log } from '../log';
import { checkHookNames, hookTable } from '../model/hooks';
import { argumentError, checkFloat, checkInteger, checkOptions, checkVector, invalid } from '../validate';
import { positionsBetween, type ResolvedPositions, resolvePositions } from './positions';
import type { FeatureIntervention, Intervention, VectorIntervention } from './types';

/** What interventions are checked against. */
export interface EditContext {
  readonly spec: ModelSpec;
  readonly transcoders: TranscoderSpec;
  /** Number of the prompt's tokens. */
  readonly prompt: number;
  /** Whether tokens are generated after the prompt. */
  readonly generating: boolean;
  /** The entries are only checked: without warnings. Default false. */
  readonly quiet?: boolean;
}

interface PlannedFeature {
  readonly name: string;
  readonly kind: NativeFeatureEdit['kind'];
  readonly layer: number;
  readonly feature: number;
  readonly at: ResolvedPositions;
  /** For all positions, or one for each of `at.inPrompt`. */
  readonly value: number | readonly number[];
}

interface PlannedVector {
  readonly hookName: string;
  readonly at: ResolvedPositions;
  readonly vector: Float32Array;
}

const kinds = { value: 'set', scale: 'scale', add: 'add' } as const;

/** Interventions as one pass after another needs them. */
export class EditPlan {
  readonly #prompt: number;
  readonly #features: PlannedFeature[] = [];
  readonly #vectors: PlannedVector[] = [];

  /**
   * Two entries for one feature at one position: the later wins, and a warning names both. Vectors add up.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the entry: a layer, position, feature or hook there isn't, a
   * number that isn't finite, values that aren't one per position.
   */
  constructor(interventions: readonly Intervention[], context: EditContext) {
    this.#prompt = context.prompt;
    if (!Array.isArray(interventions)) {
      throw invalid('interventions', 'a list', interventions);
    }
    for (const [i, entry] of interventions.entries()) {
      const name = `interventions[${i}]`;
      if (typeof entry === 'object' && entry !== null && 'hook' in entry) {
        this.#vectors.push(planVector(entry, name, context));
      } else {
        this.#features.push(planFeature(entry, name, context));
      }
    }
    if (!context.quiet) this.#warnOfOverlaps();
  }

  /** Edits of the positions from `start` to `stop` (exclusive), counted from `start` as a pass over them does. */
  between(start: number, stop: number): { features: NativeFeatureEdit[]; vectors: NativeVectorEdit[] } {
    const features = this.#features.flatMap(({ at, kind, layer, feature, value }) =>
      positionsBetween(at, this.#prompt, start, stop).map((position, i) => ({
        kind,
        layer,
        feature,
        position: position - start,
        value: typeof value === 'number' ? value : (value[i] as number),
      })),
    );
    const vectors = this.#vectors.flatMap(({ at, hookName, vector }) =>
      positionsBetween(at, this.#prompt, start, stop).map((position) => ({
        hookName,
        vector,
        position: position - start,
      })),
    );
    return { features, vectors };
  }

  /** Some overlaps in full and the number of all: a plan may have thousands. */
  #warnOfOverlaps(): void {
    const seen = new Map<string, string>();
    let overlaps = 0;
    for (const { name, layer, feature, at } of this.#features) {
      const places = [...at.inPrompt, ...(at.openFrom === undefined ? [] : ['after the prompt'])];
      for (const position of places) {
        const cell = `${layer} ${position} ${feature}`;
        const earlier = seen.get(cell);
        seen.set(cell, name);
        if (earlier === undefined || ++overlaps > mostOverlapsNamed) continue;
        log().warn(
          { layer, position, feature },
          `${earlier} and ${name} both edit feature ${feature} of layer ${layer} at position ${position}: the later wins`,
        );
      }
    }
    const more = overlaps - mostOverlapsNamed;
    if (more > 0) log().warn(`${more} more edits are of a feature and position that an earlier one edits`);
  }
}

const mostOverlapsNamed = 3;

function planFeature(entry: FeatureIntervention, name: string, context: EditContext): PlannedFeature {
  checkOptions(entry, ['layer', 'position', 'feature', ...Object.keys(kinds)], name);
  const { spec, transcoders, prompt, generating } = context;
  const layer = checkInteger(entry.layer, `${name}.layer`, 0, spec.nLayers - 1);
  const nFeatures = transcoders.nFeatures[layer] ?? 0;
  const feature = checkInteger(entry.feature, `${name}.feature in layer ${layer}`, 0, nFeatures - 1);
  const at = resolvePositions(entry.position, prompt, generating, `${name}.position`);
  const given = (Object.keys(kinds) as (keyof typeof kinds)[]).filter((key) => key in entry);
  const [key] = given;
  if (key === undefined || given.length > 1) {
    const found = given.length === 0 ? 'none' : given.join(' and ');
    throw argumentError(`${name} must have one of value, scale and add; found ${found}.`);
  }
  const value = checkValue((entry as unknown as Record<string, unknown>)[key], `${name}.${key}`, at, generating);
  return { name, kind: kinds[key], layer, feature, at, value };
}

function checkValue(
  value: unknown,
  name: string,
  { inPrompt, openFrom }: ResolvedPositions,
  generating: boolean,
): number | readonly number[] {
  if (typeof value === 'number') return checkFloat(value, name);
  if (!Array.isArray(value)) throw invalid(name, 'a number or a list of numbers', value);
  if (generating && openFrom !== undefined) {
    throw argumentError(`${name} must be one number, as its range goes on over every generated token; found a list.`);
  }
  if (value.length !== inPrompt.length) {
    throw argumentError(
      `${name} must be one number, or one for each of its ${inPrompt.length} positions; found ${value.length}.`,
    );
  }
  return value.map((number, i) => checkFloat(number, `${name}[${i}]`));
}

function planVector(entry: VectorIntervention, name: string, context: EditContext): PlannedVector {
  checkOptions(entry, ['hook', 'position', 'vector'], name);
  const width = hookWidth(entry.hook, name, context.spec);
  const at = resolvePositions(entry.position, context.prompt, context.generating, `${name}.position`);
  return { hookName: entry.hook, at, vector: checkVector(entry.vector, `${name}.vector`, width) };
}

/** Numbers that can be added at every position: hooks of shape [n, width] only. */
function hookWidth(hook: string, name: string, spec: ModelSpec): number {
  try {
    checkHookNames([hook], spec);
  } catch (cause) {
    throw argumentError(`${name}.hook: ${(cause as Error).message}`, { cause });
  }
  const general = hook.replace(/^blocks\.\d+\./, 'blocks.N.');
  const shape = hookTable(spec).find((point) => point.name === general)?.shape;
  const width = { '[n, D]': spec.dModel, '[n, V]': spec.dVocab, '[n, 1]': 1 }[shape ?? ''];
  if (width !== undefined) return width;
  throw argumentError(
    `${name}.hook must have one vector per position; ${hook} is ${shape}. Edit the residual stream instead.`,
  );
}

import type { NativeFeatureEdit, NativeVectorEdit } from '../engine/binding';
import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import { log } from '../log';
import { checkHookNames, hookTable } from '../model/hooks';
import { argumentError, checkFloat, checkInteger, checkOptions, checkVector, invalid } from '../validate';
import { positionsBetween, type ResolvedPositions, resolvePositions } from './positions';
import type { FeatureIntervention, Intervention, VectorIntervention } from './types';

/** The context for checking interventions. */
export interface EditContext {
  readonly spec: ModelSpec;
  readonly transcoders: TranscoderSpec;
  /** The number of tokens in the prompt. */
  readonly prompt: number;
  /** Whether tokens are generated after the prompt. */
  readonly generating: boolean;
  /** Check the entries without logging warnings. Default false. */
  readonly quiet?: boolean;
}

interface PlannedFeature {
  readonly name: string;
  readonly kind: NativeFeatureEdit['kind'];
  readonly layer: number;
  readonly feature: number;
  readonly at: ResolvedPositions;
  /** One number for all positions, or one for each of `at.inPrompt`. */
  readonly value: number | readonly number[];
}

interface PlannedVector {
  readonly hookName: string;
  readonly at: ResolvedPositions;
  readonly vector: Float32Array;
}

const kinds = { value: 'set', scale: 'scale', add: 'add' } as const;

/** Interventions, split into the edits of consecutive passes. */
export class EditPlan {
  readonly #prompt: number;
  readonly #features: PlannedFeature[] = [];
  readonly #vectors: PlannedVector[] = [];

  /**
   * If two entries edit one feature at one position, the later entry wins, and a warning names both. Vectors add up.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the entry: a layer, position, feature or hook out of
   * range, a number that is not finite, or a list of values that does not match its positions.
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

  /**
   * The edits of the positions from `start` to `stop` (exclusive). Their positions count from `start`, as in a pass.
   */
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

  /** Log the first overlaps in full and only count the rest, because a plan may have thousands. */
  #warnOfOverlaps(): void {
    const seen = new Map<string, string>();
    let overlaps = 0;
    for (const { name, layer, feature, at } of this.#features) {
      const positions = [...at.inPrompt, ...(at.openFrom === undefined ? [] : ['after the prompt'])];
      for (const position of positions) {
        const cell = `${layer} ${position} ${feature}`;
        const earlier = seen.get(cell);
        seen.set(cell, name);
        if (earlier === undefined || ++overlaps > maxNamedOverlaps) continue;
        log().warn(
          { layer, position, feature },
          `${earlier} and ${name} both edit feature ${feature} of layer ${layer} at position ${position}. The later entry wins.`,
        );
      }
    }
    const more = overlaps - maxNamedOverlaps;
    if (more > 0) log().warn(`${more} more entries edit a feature at a position that an earlier entry edits.`);
  }
}

const maxNamedOverlaps = 3;

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
    throw argumentError(`${name} must have exactly one of value, scale and add; found ${found}.`);
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
    throw argumentError(`${name} must be one number, because its range includes every generated token; found a list.`);
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

/** The width of a vector for a hook point. Only hook points of shape [n, width] accept one. */
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

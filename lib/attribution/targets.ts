import type { NativeTarget } from '../engine/binding';
import type { ModelSpec } from '../engine/model-spec';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { LogitTarget } from '../graph/graph-data';
import { positionIndex } from '../model/position';
import { type Tokenizer, tokenText } from '../model/tokenizer';
import {
  argumentError,
  checkInteger,
  checkNumber,
  checkOptions,
  checkText,
  checkVector,
  describe,
  invalid,
} from '../validate';

/** A token by id, or by text that is exactly one token. */
export type TokenName = number | string;

/** What every target but a plain token takes. */
export interface TargetWeight {
  /**
   * Share of the outputs that the target stands for, from 0 to 1. Default: the model's probability of a token, 1 for all
   * others.
   */
  readonly weight?: number;
}

/** What every target but a feature takes. */
export interface TargetPosition {
  /** Negative counts from the end of the prompt. Default -1: the last position. */
  readonly position?: number;
}

/** Something to explain. */
export type TargetSpec =
  | TokenName
  | ({ readonly token: TokenName } & TargetWeight & TargetPosition)
  /** The first token's logit minus the second's. */
  | ({ readonly difference: readonly [TokenName, TokenName]; readonly label?: string } & TargetWeight & TargetPosition)
  /** [dModel] a direction at the final norm's output, used as it is. */
  | ({ readonly label: string; readonly vector: Float32Array | readonly number[] } & TargetWeight & TargetPosition)
  /** A feature's pre-activation. */
  | ({
      readonly feature: { readonly layer: number; readonly position: number; readonly feature: number };
      readonly label?: string;
    } & TargetWeight);

export interface TargetContext {
  readonly spec: ModelSpec;
  readonly transcoders: TranscoderSpec;
  readonly tokenizer: Tokenizer | undefined;
  /** Number of the prompt's tokens. */
  readonly prompt: number;
  readonly specialPositions: number;
  /** [tokens * dModel] unembedding rows minus their mean. */
  readonly directions: (tokenIds: Int32Array) => Promise<Float32Array>;
}

/** A target as native takes it, and as the graph shows it. */
export interface ResolvedTarget {
  readonly native: NativeTarget;
  readonly shown: Omit<LogitTarget, 'weight'>;
}

const shapes = [
  ['token', ['position', 'weight']],
  ['difference', ['label', 'position', 'weight']],
  ['feature', ['label', 'weight']],
  ['vector', ['label', 'position', 'weight']],
] as const;

/**
 * Check targets and look up their tokens. What is no token gets an id beyond the vocabulary: dVocab plus its place in the
 * list.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the entry: text that isn't one token (showing its pieces), a
 * token, layer, position or feature there isn't, a vector of the wrong width, the same token twice at one position.
 */
export async function resolveTargets(targets: unknown, context: TargetContext): Promise<ResolvedTarget[]> {
  if (!Array.isArray(targets) || targets.length === 0) {
    throw argumentError(
      `targets must be a list of at least one target; found ${describe(targets)}. Leave it out for the likeliest tokens.`,
    );
  }
  const resolved: ResolvedTarget[] = [];
  for (const [i, target] of targets.entries()) {
    resolved.push(await resolveTarget(target, `targets[${i}]`, context.spec.dVocab + i, context));
  }
  refuseRepeated(resolved);
  return resolved;
}

function refuseRepeated(targets: readonly ResolvedTarget[]): void {
  const seen = new Map<string, number>();
  for (const [i, { native, shown }] of targets.entries()) {
    const key = `${shown.tokenId} ${native.position}`;
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      throw argumentError(
        `targets[${i}] is the token ${describe(shown.token)} at position ${native.position}, and so is ` +
          `targets[${earlier}]; list it once.`,
      );
    }
    seen.set(key, i);
  }
}

async function resolveTarget(
  target: unknown,
  name: string,
  virtualId: number,
  context: TargetContext,
): Promise<ResolvedTarget> {
  const given = typeof target === 'number' || typeof target === 'string' ? { token: target } : target;
  const shape = shapes.find(([key]) => typeof given === 'object' && given !== null && key in given);
  if (!shape) {
    throw argumentError(
      `${name} must be a token's id or text, or an object with token, difference, feature or vector; found ` +
        `${describe(target)}.`,
    );
  }
  const [kind, more] = shape;
  checkOptions(given, [kind, ...more], name);
  const fields = given as Record<string, unknown>;
  if (kind === 'feature') return featureTarget(fields, name, virtualId, context);
  const position = positionIndex(fields.position ?? -1, context.prompt, `${name}.position`);
  const place = { position, weight: weightOf(fields.weight, name) };
  if (kind === 'token')
    return tokenTarget(fields.token, kind in Object(target) ? `${name}.token` : name, place, context);
  const { label, vector } =
    kind === 'difference'
      ? await tokenDifference(fields, name, context)
      : {
          label: checkText(fields.label, `${name}.label`),
          vector: checkVector(fields.vector, `${name}.vector`, context.spec.dModel),
        };
  return {
    native: { kind: 'direction', vector, ...place },
    shown: { tokenId: virtualId, token: label, vector, ...elsewhere(position, context) },
  };
}

async function tokenTarget(
  token: unknown,
  name: string,
  place: { position: number; weight: number | null },
  context: TargetContext,
): Promise<ResolvedTarget> {
  const tokenId = await resolveToken(token, name, context);
  const shown = { tokenId, token: textOf(tokenId, context), ...elsewhere(place.position, context) };
  return { native: { kind: 'token', tokenId, ...place }, shown };
}

async function tokenDifference(fields: Record<string, unknown>, name: string, context: TargetContext) {
  const pair = fields.difference;
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw invalid(`${name}.difference`, 'a pair of tokens', pair);
  }
  const ids = await Promise.all(pair.map((token, i) => resolveToken(token, `${name}.difference[${i}]`, context)));
  if (ids[0] === ids[1]) throw argumentError(`${name}.difference must be of two tokens; found the same one twice.`);
  const rows = await context.directions(Int32Array.from(ids));
  const width = context.spec.dModel;
  const vector = rows.slice(0, width).map((value, i) => value - (rows[width + i] as number));
  const [a, b] = ids.map((id) => textOf(id, context));
  const label = fields.label === undefined ? `${a} - ${b}` : checkText(fields.label, `${name}.label`);
  return { label, vector };
}

function featureTarget(
  fields: Record<string, unknown>,
  name: string,
  virtualId: number,
  context: TargetContext,
): ResolvedTarget {
  const where = `${name}.feature`;
  checkOptions(fields.feature, ['layer', 'position', 'feature'], where);
  const given = fields.feature as Record<string, unknown>;
  const layer = checkInteger(given.layer, `${where}.layer`, 0, context.spec.nLayers - 1);
  const position = positionIndex(given.position, context.prompt, `${where}.position`);
  if (position < context.specialPositions) {
    throw argumentError(
      `${where}.position must be ${context.specialPositions} or more, after the special tokens, which have no features; ` +
        `found ${position}.`,
    );
  }
  const last = (context.transcoders.nFeatures[layer] ?? 0) - 1;
  const feature = checkInteger(given.feature, `${where}.feature in layer ${layer}`, 0, last);
  const label =
    fields.label === undefined ? `L${layer} #${feature} @${position}` : checkText(fields.label, `${name}.label`);
  return {
    native: { kind: 'feature', layer, feature, position, weight: weightOf(fields.weight, name) },
    shown: { tokenId: virtualId, token: label, feature: { layer, feature }, ...elsewhere(position, context) },
  };
}

async function resolveToken(token: unknown, name: string, { spec, tokenizer }: TargetContext): Promise<number> {
  if (typeof token === 'number') return checkInteger(token, `${name}, a token id,`, 0, spec.dVocab - 1);
  if (typeof token !== 'string') throw invalid(name, "a token's id or text", token);
  if (!tokenizer) throw invalid(name, 'a token id, as this model has no tokenizer', token);
  const ids = await tokenizer.encodeAsync(token);
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return checkInteger(id, `${name}, a token id,`, 0, spec.dVocab - 1);
  const pieces = ids.map((piece) => `${JSON.stringify(tokenizer.decodeToken(piece))} (${piece})`).join(', ');
  throw argumentError(
    `${name} must be exactly one token; ${describe(token)} is ${ids.length}${pieces && `: ${pieces}`}. ` +
      'Mind the space in front, or give a token id.',
  );
}

function weightOf(weight: unknown, name: string): number | null {
  return weight === undefined ? null : checkNumber(weight, `${name}.weight`, 0, 1);
}

function textOf(tokenId: number, { tokenizer }: TargetContext): string {
  return tokenText(tokenizer, tokenId);
}

/** Graphs leave the position out when it is the last. */
function elsewhere(position: number, { prompt }: TargetContext): { position?: number } {
  return position === prompt - 1 ? {} : { position };
}

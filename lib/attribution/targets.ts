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

/** A token: its id, or a text that is exactly one token. */
export type TokenName = number | string;

/** The fields of every target other than a plain token. */
export interface TargetWeight {
  /**
   * The weight of the target among the outputs, from 0 to 1. Default: the model's probability for a token, 1 for other
   * targets.
   */
  readonly weight?: number;
}

/** The fields of every target other than a feature. */
export interface TargetPosition {
  /** A negative position counts from the end of the prompt. Default -1, the last position. */
  readonly position?: number;
}

/** An output to explain. */
export type TargetSpec =
  | TokenName
  | ({ readonly token: TokenName } & TargetWeight & TargetPosition)
  /** The logit of the first token minus the logit of the second. */
  | ({ readonly difference: readonly [TokenName, TokenName]; readonly label?: string } & TargetWeight & TargetPosition)
  /** [dModel] a direction at the output of the final norm, used unchanged. */
  | ({ readonly label: string; readonly vector: Float32Array | readonly number[] } & TargetWeight & TargetPosition)
  /** The pre-activation of a feature. */
  | ({
      readonly feature: { readonly layer: number; readonly position: number; readonly feature: number };
      readonly label?: string;
    } & TargetWeight);

export interface TargetContext {
  readonly spec: ModelSpec;
  readonly transcoders: TranscoderSpec;
  readonly tokenizer: Tokenizer | undefined;
  /** The number of tokens in the prompt. */
  readonly prompt: number;
  readonly specialPositions: number;
  /** [tokens * dModel] unembedding rows minus their mean. */
  readonly directions: (tokenIds: Int32Array) => Promise<Float32Array>;
}

/** A target in the form for native code, and in the form for the graph. */
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
 * Check targets and look up their tokens. A target other than a token gets an id beyond the vocabulary: dVocab plus its
 * index in the list.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` naming the entry: a text that is not one token (with its tokens), a
 * token, layer, position or feature out of range, a vector of the wrong width, or a repeated token and position.
 */
export async function resolveTargets(targets: unknown, context: TargetContext): Promise<ResolvedTarget[]> {
  if (!Array.isArray(targets) || targets.length === 0) {
    throw argumentError(
      `targets must be a list of at least one target; found ${describe(targets)}. Omit it to explain the likeliest tokens.`,
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
        `targets[${i}] repeats the token ${describe(shown.token)} at position ${native.position} of ` +
          `targets[${earlier}]. Remove one of them.`,
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
      `${name} must be a token id, the text of a token, or an object with token, difference, feature or vector; found ` +
        `${describe(target)}.`,
    );
  }
  const [kind, otherFields] = shape;
  checkOptions(given, [kind, ...otherFields], name);
  const fields = given as Record<string, unknown>;
  if (kind === 'feature') return featureTarget(fields, name, virtualId, context);
  const position = positionIndex(fields.position ?? -1, context.prompt, `${name}.position`);
  const place = { position, weight: checkWeight(fields.weight, name) };
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
  if (ids[0] === ids[1])
    throw argumentError(`${name}.difference must be two different tokens; found the same token twice.`);
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
      `${where}.position must be ${context.specialPositions} or more, because special tokens have no features; ` +
        `found ${position}.`,
    );
  }
  const last = (context.transcoders.nFeatures[layer] ?? 0) - 1;
  const feature = checkInteger(given.feature, `${where}.feature in layer ${layer}`, 0, last);
  const label =
    fields.label === undefined ? `L${layer} #${feature} @${position}` : checkText(fields.label, `${name}.label`);
  return {
    native: { kind: 'feature', layer, feature, position, weight: checkWeight(fields.weight, name) },
    shown: { tokenId: virtualId, token: label, feature: { layer, feature }, ...elsewhere(position, context) },
  };
}

async function resolveToken(token: unknown, name: string, { spec, tokenizer }: TargetContext): Promise<number> {
  if (typeof token === 'number') return checkInteger(token, `${name}, a token id,`, 0, spec.dVocab - 1);
  if (typeof token !== 'string') throw invalid(name, 'a token id or the text of a token', token);
  if (!tokenizer) throw invalid(name, 'a token id, because this model has no tokenizer', token);
  const ids = await tokenizer.encodeAsync(token);
  const [id] = ids;
  if (id !== undefined && ids.length === 1) return checkInteger(id, `${name}, a token id,`, 0, spec.dVocab - 1);
  const pieces = ids.map((piece) => `${JSON.stringify(tokenizer.decodeToken(piece))} (${piece})`).join(', ');
  throw argumentError(
    `${name} must be exactly one token; ${describe(token)} is ${ids.length} tokens${pieces && `: ${pieces}`}. ` +
      'Check the leading space, or use a token id.',
  );
}

function checkWeight(weight: unknown, name: string): number | null {
  return weight === undefined ? null : checkNumber(weight, `${name}.weight`, 0, 1);
}

function textOf(tokenId: number, { tokenizer }: TargetContext): string {
  return tokenText(tokenizer, tokenId);
}

/** The position for the graph, which omits it when it is the last. */
function elsewhere(position: number, { prompt }: TargetContext): { position?: number } {
  return position === prompt - 1 ? {} : { position };
}

import type { FeatureIntervention } from '../../intervention/types';
import { isObject } from '../../io/files';
import { checkBoolean, checkInteger, checkNumber, checkText } from '../../validate';
import { Problem } from '../problem';

/** What the page asks to be done to the model. */
export interface SteerRequest {
  readonly slug: string;
  readonly interventions: readonly FeatureIntervention[];
  readonly maxNewTokens: number;
  readonly freezeAttention: boolean;
  /** How many of the likeliest tokens to tell. */
  readonly top: number;
}

const mostNodes = 10_000;
const mostNewTokens = 200;
const mostTop = 100;

/**
 * @throws Problem 400, CircuitTracerError `ERR_INVALID_ARGUMENT` naming the field that is wrong.
 */
export function steerRequestOf(body: Record<string, unknown>): SteerRequest {
  const { slug, edits, maxNewTokens = 10, freezeAttention = true, top = 10 } = body;
  return {
    slug: checkText(slug, 'slug'),
    interventions: interventionsOf(edits),
    maxNewTokens: checkInteger(maxNewTokens, 'maxNewTokens', 0, mostNewTokens),
    freezeAttention: checkBoolean(freezeAttention, 'freezeAttention'),
    top: checkInteger(top, 'top', 1, mostTop),
  };
}

/** A factor of each feature's own activation, which is its activation in the graph. */
function interventionsOf(edits: unknown): FeatureIntervention[] {
  if (!Array.isArray(edits)) throw invalid('edits must be a list of { nodes, factor }');
  const interventions = edits.flatMap((edit: unknown, i) => {
    if (!isObject(edit) || !Array.isArray(edit.nodes)) throw invalid(`edits[${i}] must be { nodes, factor }`);
    const scale = checkNumber(edit.factor, `edits[${i}].factor`);
    return edit.nodes.map((node) => ({ ...placeOf(node), scale }));
  });
  if (interventions.length <= mostNodes) return interventions;
  throw invalid(`edits must name at most ${mostNodes} nodes`);
}

function placeOf(node: unknown): { layer: number; feature: number; position: number } {
  const id = typeof node === 'string' ? /^(\d{1,9})_(\d{1,9})_(\d{1,9})$/.exec(node) : null;
  if (!id) throw invalid('nodes must be ids of features, layer_feature_position');
  const [layer, feature, position] = id.slice(1).map(Number) as [number, number, number];
  return { layer, feature, position };
}

function invalid(message: string): Problem {
  return new Problem(400, 'ERR_BAD_REQUEST', `${message}.`);
}

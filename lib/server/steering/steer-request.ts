import type { Unchecked } from '../../graph-file/json-values';
import { parseFeatureId, type SelectedFeature } from '../../graph-file/node-id';
import { generateOptions } from '../../intervention/options';
import { isObject } from '../../is-object';
import { pickOptions, resolveOptions } from '../../options';
import { checkInteger, checkNumber, checkText } from '../../validate';
import type { SteerRequest } from '../api';
import { Problem } from '../problem';

/** A feature at one position. */
export interface SteerEdit extends SelectedFeature {
  /** The factor of the feature's activation in the graph. */
  readonly factor: number;
}

/** A checked request to steer the model. */
export interface SteerSettings extends Required<Omit<SteerRequest, 'edits'>> {
  readonly edits: readonly SteerEdit[];
}

const steerOptions = pickOptions(generateOptions, 'freezeAttention');
const maxNodes = 10_000;
const newTokensLimit = 200;
const topLimit = 100;
/** The maximum layer, feature or position. */
const maxNumber = 999_999_999;

/**
 * @throws Problem 400, CircuitTracerError `ERR_INVALID_ARGUMENT` naming the invalid field.
 */
export function checkSteerRequest(body: Unchecked<SteerRequest>): SteerSettings {
  const { slug, edits, maxNewTokens = generateOptions.maxNewTokens.default, top = 10 } = body;
  const { freezeAttention } = resolveOptions(steerOptions, { freezeAttention: body.freezeAttention as boolean });
  return {
    slug: checkText(slug, 'slug'),
    edits: checkEdits(edits),
    maxNewTokens: checkInteger(maxNewTokens, 'maxNewTokens', 0, newTokensLimit),
    freezeAttention,
    top: checkInteger(top, 'top', 1, topLimit),
  };
}

function checkEdits(given: unknown): SteerEdit[] {
  if (!Array.isArray(given)) throw invalid('edits must be a list of { nodes, factor }');
  const edits = given.flatMap((edit: unknown, i) => {
    if (!isObject(edit) || !Array.isArray(edit.nodes)) throw invalid(`edits[${i}] must be { nodes, factor }`);
    const factor = checkNumber(edit.factor, `edits[${i}].factor`);
    return edit.nodes.map((node) => ({ ...parseFeature(node), factor }));
  });
  if (edits.length <= maxNodes) return edits;
  throw invalid(`edits must name at most ${maxNodes} nodes`);
}

function parseFeature(node: unknown): SelectedFeature {
  const feature = typeof node === 'string' ? parseFeatureId(node) : undefined;
  if (feature && Object.values(feature).every((number) => number <= maxNumber)) return feature;
  throw invalid('nodes must be feature ids of the form layer_feature_position');
}

function invalid(message: string): Problem {
  return new Problem(400, 'ERR_BAD_REQUEST', `${message}.`);
}

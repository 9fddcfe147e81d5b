import type { SelectedFeature } from '../../graph-file/selection';
import { isObject } from '../../io/files';
import { checkBoolean, checkInteger, checkNumber, checkText } from '../../validate';
import { Problem } from '../problem';

/** One feature at one position. */
export interface SteerEdit extends SelectedFeature {
  /** Times the feature's activation in the graph. */
  readonly factor: number;
}

/** What the page asks to be done to the model. */
export interface SteerRequest {
  readonly slug: string;
  readonly edits: readonly SteerEdit[];
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
    edits: editsOf(edits),
    maxNewTokens: checkInteger(maxNewTokens, 'maxNewTokens', 0, mostNewTokens),
    freezeAttention: checkBoolean(freezeAttention, 'freezeAttention'),
    top: checkInteger(top, 'top', 1, mostTop),
  };
}

function editsOf(given: unknown): SteerEdit[] {
  if (!Array.isArray(given)) throw invalid('edits must be a list of { nodes, factor }');
  const edits = given.flatMap((edit: unknown, i) => {
    if (!isObject(edit) || !Array.isArray(edit.nodes)) throw invalid(`edits[${i}] must be { nodes, factor }`);
    const factor = checkNumber(edit.factor, `edits[${i}].factor`);
    return edit.nodes.map((node) => ({ ...featureOf(node), factor }));
  });
  if (edits.length <= mostNodes) return edits;
  throw invalid(`edits must name at most ${mostNodes} nodes`);
}

function featureOf(node: unknown): SelectedFeature {
  const id = typeof node === 'string' ? /^(\d{1,9})_(\d{1,9})_(\d{1,9})$/.exec(node) : null;
  if (!id) throw invalid('nodes must be ids of features, layer_feature_position');
  const [layer, feature, position] = id.slice(1).map(Number) as [number, number, number];
  return { layer, feature, position };
}

function invalid(message: string): Problem {
  return new Problem(400, 'ERR_BAD_REQUEST', `${message}.`);
}

import { CircuitTracerError } from '../errors';
import { describe } from '../validate';

/** Neuronpedia's names of a model and a set of features: `neuronpedia.org/<modelId>/<sourceSet>`. */
export interface NeuronpediaNames {
  readonly modelId: string;
  /** Without it, the page on Neuronpedia shows no feature dashboards. */
  readonly sourceSet?: string;
}

/** The sets with dashboards on Neuronpedia, by scan, as its graph server lists them. */
const publishedSets: Readonly<Record<string, NeuronpediaNames>> = {
  'mwhanna/gemma-scope-transcoders': { modelId: 'gemma-2-2b', sourceSet: 'gemmascope-transcoder-16k' },
  'mntss/gemma-scope-transcoders': { modelId: 'gemma-2-2b', sourceSet: 'gemmascope-transcoder-16k' },
  'mntss/clt-gemma-2-2b-2.5M': { modelId: 'gemma-2-2b', sourceSet: 'clt-hp' },
  'mwhanna/qwen3-4b-transcoders': { modelId: 'qwen3-4b', sourceSet: 'transcoder-hp' },
  'mwhanna/gemma-scope-2-4b-it//transcoder_all/width_262k_l0_small_affine': {
    modelId: 'gemma-3-4b-it',
    sourceSet: 'gemmascope-transcoder-262k',
  },
};

/** The maximum size of an upload to Neuronpedia in bytes. */
export const maxUploadBytes = 100 * 2 ** 20;

/**
 * @param given the full names, `MODEL` or `MODEL/SOURCE-SET`; or true for the published set that `scan` names
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for names that Neuronpedia rejects, or true for an unknown set.
 */
export function neuronpediaNames(scan: string | readonly string[], given: NeuronpediaNames | string | true) {
  const names = given === true ? publishedNames(scan) : typeof given === 'string' ? parsed(given) : given;
  for (const name of [names?.modelId, names?.sourceSet ?? 'none']) {
    // Neuronpedia checks the same when a file is uploaded.
    if (typeof name === 'string' && /^[\w.-]+$/.test(name)) continue;
    throw invalid(`Neuronpedia's names must be letters, digits, '_', '.' and '-'; found ${describe(given)}.`);
  }
  return names;
}

function publishedNames(scan: string | readonly string[]): NeuronpediaNames {
  const set = typeof scan === 'string' ? scan.replace(/@.*$/, '') : '';
  const names = Object.hasOwn(publishedSets, set) ? publishedSets[set] : undefined;
  if (names) return names;
  const found = typeof scan === 'string' ? `'${scan}'` : 'in a list';
  throw invalid(`Neuronpedia's names for the transcoders ${found} are not known.`);
}

function parsed(text: string): NeuronpediaNames {
  const [modelId = '', ...sourceSet] = text.split('/');
  return sourceSet.length === 0 ? { modelId } : { modelId, sourceSet: sourceSet.join('/') };
}

function invalid(problem: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `${problem} neuronpedia must be MODEL or MODEL/SOURCE-SET, as in the URL neuronpedia.org/MODEL/SOURCE-SET.`,
  );
}

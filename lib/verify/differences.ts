import { type FingerprintParts, partsOf } from '../fingerprint/fingerprint';
import type { Graph } from '../graph/graph';
import type { ModelWithTranscoders } from '../replacement-model/model-with-transcoders';

/** A difference between the setup that a graph was made with and the one it is checked with. */
export interface GraphDifference {
  readonly what: 'model' | 'transcoders' | 'dtype' | 'device';
  /** The difference as a sentence. */
  readonly message: string;
}

type CheckedModel = Pick<
  ModelWithTranscoders,
  'spec' | 'transcoderSpec' | 'name' | 'dtype' | 'device' | 'fingerprints'
>;

/**
 * The known differences, by fingerprint. For graphs without fingerprints (`.pt` files and older ones), names are
 * compared, and the message says so. Empty when no difference is known.
 */
export function findDifferences(graph: Graph, model: CheckedModel): GraphDifference[] {
  const { settings } = graph;
  return [
    partDifference(
      { what: 'model', other: 'another model', weights: 'other weights of the model' },
      { fingerprint: settings.modelFingerprint, name: graph.model.modelName },
      { fingerprint: model.fingerprints.model, name: model.name },
    ),
    partDifference(
      { what: 'transcoders', other: 'other transcoders', weights: 'other weights of the transcoders' },
      { fingerprint: settings.transcoderFingerprint, name: nameOfScan(graph.scan) },
      { fingerprint: model.fingerprints.transcoders, name: nameOfScan(model.transcoderSpec.scan) },
    ),
    settingDifference('dtype', settings.dtype, model.dtype),
    settingDifference('device', settings.device, model.device),
  ].filter((difference) => difference !== undefined);
}

interface Words {
  readonly what: 'model' | 'transcoders';
  readonly other: string;
  readonly weights: string;
}

interface Identity {
  readonly fingerprint: unknown;
  readonly name: string;
}

function partDifference({ what, other, weights }: Words, made: Identity, found: Identity): GraphDifference | undefined {
  const [before, now] = [partsOf(made.fingerprint), partsOf(found.fingerprint)];
  const names = `${made.name || 'without a name'}; ${what === 'model' ? 'this one is' : 'these are'} ${found.name}`;
  if (before && now && before.version === now.version) {
    if (same(before, now)) return undefined;
    const sentence =
      before.config === now.config
        ? `The graph was made with ${weights}: the settings are equal, but the numbers differ (${names}).`
        : `The graph was made with ${other}: ${names}.`;
    return { what, message: sentence };
  }
  if (made.name === '' || found.name === '' || lastPart(made.name) === lastPart(found.name)) return undefined;
  return { what, message: `The graph names ${other}: ${names}. It has no fingerprint to confirm this.` };
}

function same(a: FingerprintParts, b: FingerprintParts): boolean {
  return a.config === b.config && a.weights === b.weights;
}

/**
 * The last part of a name. `.pt` files name some models with their organisation, and transcoder sets by paths that
 * differ between machines.
 */
function lastPart(name: string): string {
  return (
    name
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? name
  );
}

function nameOfScan(scan: string | readonly string[]): string {
  return typeof scan === 'string' ? scan : scan.join(', ');
}

function settingDifference(what: 'dtype' | 'device', made: unknown, found: string): GraphDifference | undefined {
  if (typeof made !== 'string' || made === found) return undefined;
  return {
    what,
    message: `The graph was made ${what === 'dtype' ? 'in' : 'on'} ${made}; this model computes ${what === 'dtype' ? 'in' : 'on'} ${found}.`,
  };
}

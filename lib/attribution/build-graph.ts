import type { NativeGraphData } from '../engine/binding';
import type { ComputeDtype } from '../engine/load-options';
import type { ModelSpec } from '../engine/model-spec';
import { storedSettings } from '../engine/settings';
import type { TranscoderSpec } from '../engine/transcoder-spec';
import type { Fingerprints } from '../fingerprint/fingerprint';
import { Graph } from '../graph/graph';
import { type FeatureLabels, labelKey } from '../graph-file/labels';
import type { PreparedPrompt } from '../model/prompt';
import type { Tokenizer } from '../model/tokenizer';
import { packageVersion } from '../package-version';
import { warnOfNegatives } from '../transcoder/negative-activations';
import type { ResolvedAttributeOptions } from './options';
import type { ResolvedTarget } from './targets';

/** The properties of the model that are stored in a graph. */
export interface AttributedModel {
  readonly spec: ModelSpec;
  readonly transcoderSpec: TranscoderSpec;
  readonly tokenizer: Tokenizer | undefined;
  decodeToken(tokenId: number): string;
  readonly name: string;
  readonly dtype: ComputeDtype;
  readonly device: string;
  readonly labels: FeatureLabels;
  readonly fingerprints: Fingerprints;
}

/** Build a graph from the result of native attribution, the model's tokens and its feature labels. */
export function buildGraph(
  model: AttributedModel,
  { tokens }: PreparedPrompt,
  data: NativeGraphData,
  options: ResolvedAttributeOptions,
  targets: readonly ResolvedTarget[] | undefined,
): Graph {
  warnOfNegatives(model.transcoderSpec, data.values);
  const { family, nLayers, dModel, dVocab } = model.spec;
  const decode = (id: number) => model.decodeToken(id);
  const ids = Array.from(tokens);
  return new Graph({
    prompt: model.tokenizer?.decode(ids) ?? ids.join(' '),
    tokens,
    tokenStrings: ids.map(decode),
    activeFeatures: data.indices,
    activationValues: data.values,
    selectedFeatures: data.selectedFeatures,
    edges: data.edges,
    logits: Array.from(data.logitTokenIds, (tokenId, rank) => ({
      ...(targets?.[rank]?.shown ?? { tokenId, token: decode(tokenId) }),
      weight: data.logitProbabilities[rank] as number,
    })),
    featureLabels: labelsOfFeatures(model.labels, data.indices),
    scan: model.transcoderSpec.scan,
    model: { family, modelName: model.name, nLayers, dModel, dVocab },
    settings: {
      ...storedSettings(options),
      offload: options.offload ?? null,
      dtype: model.dtype,
      device: model.device,
      modelFingerprint: model.fingerprints.model ?? null,
      transcoderFingerprint: model.fingerprints.transcoders ?? null,
    },
    timings: data.timings,
    packageVersion,
  });
}

/** @param indices [N * 3] of (layer, position, feature) */
function labelsOfFeatures(labels: FeatureLabels, indices: Int32Array): FeatureLabels {
  const found: Record<string, string> = {};
  if (Object.keys(labels).length === 0) return found;
  for (let i = 0; i < indices.length; i += 3) {
    const key = labelKey({ layer: indices[i] as number, feature: indices[i + 2] as number });
    const label = labels[key];
    if (label !== undefined) found[key] = label;
  }
  return found;
}

import type { ModelSpec, ModelWeights } from '../../../../lib/engine/model-spec';
import type { TranscoderLayerWeights, TranscoderSpec } from '../../../../lib/engine/transcoder-spec';
import { loadBuiltAddon } from '../../../../lib/libtorch/load-addon';

export interface OracleRequest {
  /** [n] */
  readonly tokens: Int32Array;
  readonly specialPositions: number;
  /** [N * 3] of (layer, position, feature): the sources. */
  readonly features: Int32Array;
  /** [* 3] of (layer, position, feature): the first rows. */
  readonly featureTargets: Int32Array;
  /** [* 2] of (position, token id): the rows after them. */
  readonly tokenTargets: Int32Array;
}

export interface OracleRows {
  /** [N] pre-activations of the sources. */
  readonly values: Float32Array;
  /** [R, N + L * n + n]: features, errors layer-major, tokens. */
  readonly edges: { readonly data: Float32Array; readonly shape: number[] };
}

interface OracleAddon {
  autogradRows(
    spec: ModelSpec,
    weights: ModelWeights,
    transcoders: TranscoderSpec,
    layers: readonly TranscoderLayerWeights[],
    request: OracleRequest,
  ): OracleRows;
}

let addon: OracleAddon | undefined;

/** Edges by automatic differentiation of the forward pass: slow, and nothing like how attribution computes them. */
export const autogradRows: OracleAddon['autogradRows'] = (...given) => {
  addon ??= loadBuiltAddon('circuit_tracer_oracle') as OracleAddon;
  return addon.autogradRows(...given);
};

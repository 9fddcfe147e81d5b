import type { passSettings } from '../engine/settings';
import type { Unchecked } from '../graph-file/json-values';
import type { GraphMetadata, QParams } from '../graph-file/schema';
import type { OptionsOf } from '../options';

// The requests and responses of the server as JSON. Types only, for both sides.
//
//   GET  data/graph-metadata.json            GraphListing
//   GET  data/<slug>.json                    a graph file, tagged with its revision
//   PUT  api/graphs/<slug>/view              SaveViewRequest -> SaveViewAnswer; 409: ConflictAnswer
//   GET  api/features/<layer>/<feature>      FeatureExamples
//   GET  api/status                          ServerStatus
//   POST api/steer                           SteerRequest -> SteerAnswer
//
// Every error is an ErrorAnswer.

/** The capabilities of the server. */
export interface ServerStatus {
  readonly version: string;
  /** Whether views can be saved in the graph files. */
  readonly canSave: boolean;
  /** Whether it can look up features. */
  readonly features: boolean;
  /** The model for steering. */
  readonly model: { readonly name: string; readonly nLayers: number } | null;
}

/** The `metadata` of a graph. Other fields depend on its writer. */
export type GraphEntry = Unchecked<GraphMetadata> & { readonly slug: string };

/** A file in the server's folder that cannot be listed as a graph, and the reason. */
export interface ListProblem {
  readonly file: string;
  readonly reason: string;
}

export interface GraphListing {
  readonly graphs: readonly GraphEntry[];
  readonly problems: readonly ListProblem[];
}

export interface SaveViewRequest {
  readonly qParams: QParams;
  /**
   * The revision of the file that the view was made from. The server rejects the request if the file has changed. null
   * for any revision.
   */
  readonly revision: string | null;
}

export interface SaveViewAnswer {
  /** The revision of the file with the new view. */
  readonly revision: string;
}

export interface SteerRequest extends Pick<OptionsOf<typeof passSettings>, 'freezeAttention'> {
  readonly slug: string;
  readonly edits: readonly {
    /** Ids of features, `{layer}_{feature}_{position}`. */
    readonly nodes: readonly string[];
    /** The factor of the features' activations in the graph. */
    readonly factor: number;
  }[];
  /** Default 10. */
  readonly maxNewTokens?: number;
  /** The number of likeliest tokens to return. Default 10. */
  readonly top?: number;
}

export interface TokenChance {
  readonly token: string;
  readonly probability: number;
}

/** The likeliest next tokens and the continuation, without and with the edits. */
export interface SteerAnswer {
  readonly before: readonly TokenChance[];
  readonly after: readonly TokenChance[];
  readonly continuation: { readonly before: string; readonly after: string };
}

export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string };
}

/** The file has changed. Its current revision and view. */
export interface ConflictAnswer extends ErrorAnswer {
  readonly revision: string;
  readonly qParams: unknown;
}

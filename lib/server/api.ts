import type { passSettings } from '../engine/settings';
import type { Unchecked } from '../graph-file/json-values';
import type { GraphMetadata, QParams } from '../graph-file/schema';
import type { OptionsOf } from '../options';

// The requests and answers of the server, as JSON: types alone, for both ends.
//
//   GET  data/graph-metadata.json            GraphListing
//   GET  data/<slug>.json                    a graph file, tagged with its revision
//   PUT  api/graphs/<slug>/view              SaveViewRequest -> SaveViewAnswer; 409: ConflictAnswer
//   GET  api/features/<layer>/<feature>      FeatureExamples
//   GET  api/status                          ServerStatus
//   POST api/steer                           SteerRequest -> SteerAnswer
//
// Every refusal is an ErrorAnswer.

/** What the server can do. */
export interface ServerStatus {
  readonly version: string;
  /** Whether views can be saved into the graphs' files. */
  readonly canSave: boolean;
  /** Whether it answers for single features. */
  readonly features: boolean;
  /** What it steers with. */
  readonly model: { readonly name: string; readonly nLayers: number } | null;
}

/** A graph's `metadata`; what else it holds depends on who wrote it. */
export type GraphEntry = Unchecked<GraphMetadata> & { readonly slug: string };

/** A file of the server's folder that can't be listed as a graph, and why. */
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
  /** Of the file the view was made from: the server refuses when that has changed. null: whatever is there. */
  readonly revision: string | null;
}

export interface SaveViewAnswer {
  /** Of the file that now holds the view. */
  readonly revision: string;
}

export interface SteerRequest extends Pick<OptionsOf<typeof passSettings>, 'freezeAttention'> {
  readonly slug: string;
  readonly edits: readonly {
    /** Ids of features, `{layer}_{feature}_{position}`. */
    readonly nodes: readonly string[];
    /** Times the features' activations in the graph. */
    readonly factor: number;
  }[];
  /** Default 10. */
  readonly maxNewTokens?: number;
  /** How many of the likeliest tokens to tell. Default 10. */
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

/** The file has changed: its revision now, and the view in it. */
export interface ConflictAnswer extends ErrorAnswer {
  readonly revision: string;
  readonly qParams: unknown;
}

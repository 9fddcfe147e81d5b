import type { Graph } from '../graph/graph';
import { nodeOf } from '../graph/graph';
import { isRecord, type Json, list, record, text } from '../graph/json';
import { writeView } from './saved-view';
import type { View } from './view';

/** The graph file with this view in it, and the reader's labels also as labels of the nodes. */
export function withView(file: unknown, graph: Graph, view: View): Json {
  const labelled = list(record(file).nodes).map((raw) => {
    if (!isRecord(raw)) return raw;
    const node = nodeOf(graph, text(raw.node_id));
    const label = node === undefined ? undefined : view.labels[graph.ids[node]];
    return label === undefined ? raw : { ...raw, clerp: label };
  });
  return { ...record(file), nodes: labelled, qParams: writeView(view) };
}

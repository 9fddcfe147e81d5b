import { isObject, type Json, list, record, text, type Unchecked } from '../../../graph-file/json-values';
import type { GraphFile, NodeRecord } from '../../../graph-file/schema';
import type { Graph } from '../graph/graph';
import { nodeOf } from '../graph/graph';
import { writeView } from './saved-view';
import type { View } from './view';

/** The graph file with this view, and with the reader's labels as labels of the nodes. */
export function withView(file: unknown, graph: Graph, view: View): Json {
  const given: Unchecked<GraphFile> = record(file);
  const nodes = list(given.nodes).map((raw) => withLabel(raw, graph, view));
  return { ...given, nodes, qParams: writeView(view) } satisfies Unchecked<GraphFile>;
}

function withLabel(raw: unknown, graph: Graph, view: View): unknown {
  if (!isObject(raw)) return raw;
  const { node_id }: Unchecked<NodeRecord> = raw;
  const node = nodeOf(graph, text(node_id));
  const clerp = node === undefined ? undefined : view.labels[graph.ids[node]];
  return clerp === undefined ? raw : ({ ...raw, clerp } satisfies Unchecked<NodeRecord>);
}

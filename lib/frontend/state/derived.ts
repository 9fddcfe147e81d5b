import type { Graph } from '../core/graph/graph';
import { type Scores, subgraphScores } from '../core/measure/scores';
import { type Connections, connectionsOf } from '../core/measure/shares';
import { type DrawnLinks, drawnLinks } from '../core/view/drawn-links';
import { type Subgraph, subgraphOf } from '../core/view/subgraph';
import { membersOf, type View } from '../core/view/view';
import { nodesOf, shownNodes } from '../core/view/visible';
import type { Document, State } from './store';

/** Cache the last result of a function while its arguments stay the same. */
function remembered<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { args: A; result: R } | undefined;
  return (...args) => {
    if (last?.args.every((each, i) => Object.is(each, args[i]))) return last.result;
    last = { args, result: compute(...args) };
    return last.result;
  };
}

const shown = remembered(
  (
    graph: Graph,
    threshold: number,
    hideErrors: boolean,
    pins: View['pins'],
    groups: View['groups'],
    selected: string,
  ) => shownNodes(graph, { threshold, hideErrors, pins, groups, selected }),
);

/** [n] the nodes that pass the filters. */
export function shownOf(graph: Graph, view: View): Uint8Array {
  return shown(graph, view.threshold, view.hideErrors, view.pins, view.groups, view.selected);
}

const drawn = remembered(
  (document: Document, mask: Uint8Array, view: View): DrawnLinks =>
    drawnLinks(document.loaded.graph, view, mask, document.loaded.strongest),
);

export function drawnOf(document: Document, view: View): DrawnLinks {
  return drawn(document, shownOf(document.loaded.graph, view), view);
}

const sub = remembered(
  (graph: Graph, pins: View['pins'], groups: View['groups'], labels: View['labels']): Subgraph =>
    subgraphOf(graph, { pins, groups, labels }),
);

export function subgraph(graph: Graph, view: View): Subgraph {
  return sub(graph, view.pins, view.groups, view.labels);
}

const pinnedScores = remembered(
  (graph: Graph, pins: View['pins']): Scores => subgraphScores(graph, new Set(nodesOf(graph, pins))),
);

/** The scores that remain if features that are not pinned count as unexplained. */
export function scoresOfPins(graph: Graph, view: View): Scores {
  return pinnedScores(graph, view.pins);
}

const selectedConnections = remembered(
  (graph: Graph, selected: string, groups: View['groups']): Connections =>
    connectionsOf(graph, selectedNodes(graph, selected, groups)),
);

/** The inputs and outputs of the selection. */
export function connections(graph: Graph, view: View): Connections {
  return selectedConnections(graph, view.selected, view.groups);
}

function selectedNodes(graph: Graph, selected: string, groups: View['groups']): number[] {
  return selected === '' ? [] : nodesOf(graph, membersOf({ groups }, selected));
}

/** The nodes of the selected node or group. */
export function selection(graph: Graph, view: View): number[] {
  return selectedNodes(graph, view.selected, view.groups);
}

export function graphOf(state: State): Graph | undefined {
  return state.document?.loaded.graph;
}

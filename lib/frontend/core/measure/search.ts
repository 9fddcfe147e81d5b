import { visibleToken } from '../graph/format';
import type { Graph } from '../graph/graph';
import { kindTitles, labelOf, plainName } from '../graph/names';

/** Whether a node matches one word of a search. */
type Test = (node: number) => boolean;

export interface SearchContext {
  readonly graph: Graph;
  readonly labels: Readonly<Record<string, string>>;
  readonly pins: ReadonlySet<string>;
}

/**
 * Nodes that match every word of the query, most influential first. All nodes for an empty query.
 *
 * A word is text in the label, token or name, or `layer:3`, `token:salt`, `pos:11`, `feature:120`, `type:error`,
 * `is:pinned`. Quotes keep spaces together.
 */
export function search(query: string, context: SearchContext): number[] {
  const tests = (query.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).map((word) => testOf(word.replaceAll('"', ''), context));
  const found: number[] = [];
  for (let node = 0; node < context.graph.n; node++) if (tests.every((test) => test(node))) found.push(node);
  return found.sort((a, b) => rank(context.graph, a) - rank(context.graph, b) || a - b);
}

/** Outputs first, then by cumulative influence, with nodes without one last. */
function rank(graph: Graph, node: number): number {
  if (graph.kinds[node] === 'logit') return -graph.probability[node];
  return Number.isNaN(graph.influence[node]) ? 2 : graph.influence[node];
}

function testOf(word: string, context: SearchContext): Test {
  const [, field, value] = /^([a-z]+):(.*)$/i.exec(word) ?? [];
  const test = field !== undefined && fieldTest(field.toLowerCase(), value.toLowerCase(), context);
  return test || textTest(word.toLowerCase(), context);
}

function fieldTest(field: string, value: string, { graph, pins }: SearchContext): Test | undefined {
  switch (field) {
    case 'layer':
      return (node) => String(graph.layer[node]) === value.replace(/^l/, '');
    case 'token':
      return (node) => tokenOf(graph, node).includes(value);
    case 'pos':
    case 'position':
      return (node) => String(graph.position[node]) === value;
    case 'feature':
      return (node) => String(graph.feature[node]) === value;
    case 'type':
      return (node) => `${graph.kinds[node]} ${kindTitles[graph.kinds[node]]}`.toLowerCase().includes(value);
    case 'is':
      return value === 'pinned' ? (node) => pins.has(graph.ids[node]) : undefined;
    default:
      return undefined;
  }
}

function textTest(text: string, { graph, labels }: SearchContext): Test {
  return (node) =>
    labelOf(graph, node, labels).toLowerCase().includes(text) ||
    tokenOf(graph, node).includes(text) ||
    plainName(graph, node).toLowerCase().includes(text) ||
    graph.ids[node].toLowerCase() === text;
}

function tokenOf(graph: Graph, node: number): string {
  return visibleToken(graph.tokens[graph.position[node]]).toLowerCase();
}

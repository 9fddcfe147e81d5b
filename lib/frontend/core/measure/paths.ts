import { type Graph, linksInto, linksOutOf } from '../graph/graph';

/** A chain of edges from one node to another. */
export interface Path {
  /** In order, one fewer than the nodes. */
  readonly links: readonly number[];
  /** The product of the signed shares: the share of the end's input that takes this path, positive or negative. */
  readonly share: number;
}

/** The end of a path, built backwards. */
interface Tail {
  readonly node: number;
  readonly link: number;
  readonly rest: Tail | undefined;
  readonly share: number;
  /** |share| times the best share of a path to `node`. */
  readonly promise: number;
}

/**
 * The strongest paths from one node to another by the product of absolute shares, strongest first. Best-first search
 * backwards from the end. The promise of a tail is the share of the best path that ends in it, so every visited node is
 * part of a strong path. No path visits a node twice.
 */
export function strongestPaths(graph: Graph, from: number, to: number, most: number): Path[] {
  const best = bestFrom(graph, from);
  const queue = new Heap<Tail>((a, b) => a.promise > b.promise);
  if (best[to] > 0) queue.push({ node: to, link: -1, rest: undefined, share: 1, promise: best[to] });
  const found: Path[] = [];
  while (found.length < most) {
    const tail = queue.pop();
    if (!tail) break;
    if (tail.node === from) {
      if (tail.link >= 0) found.push(pathOf(tail));
      continue;
    }
    for (const link of linksInto(graph, tail.node)) {
      const node = graph.source[link];
      const share = tail.share * graph.share[link];
      const promise = Math.abs(share) * best[node];
      if (promise > 0 && !passes(tail, node)) queue.push({ node, link, rest: tail, share, promise });
    }
  }
  return found;
}

/**
 * [n] the largest product of absolute shares over paths from `from` to each node. Shares are at most 1, so a greedy
 * search works.
 */
function bestFrom(graph: Graph, from: number): Float64Array {
  const best = new Float64Array(graph.n);
  const queue = new Heap<{ node: number; share: number }>((a, b) => a.share > b.share);
  best[from] = 1;
  queue.push({ node: from, share: 1 });
  for (let step = queue.pop(); step; step = queue.pop()) {
    if (step.share < best[step.node]) continue;
    for (const link of linksOutOf(graph, step.node)) {
      const node = graph.target[link];
      const share = step.share * Math.abs(graph.share[link]);
      if (share <= best[node]) continue;
      best[node] = share;
      queue.push({ node, share });
    }
  }
  return best;
}

function passes(tail: Tail, node: number): boolean {
  for (let each: Tail | undefined = tail; each; each = each.rest) if (each.node === node) return true;
  return false;
}

function pathOf(path: Tail): Path {
  const links: number[] = [];
  for (let tail: Tail | undefined = path; tail && tail.link >= 0; tail = tail.rest) links.push(tail.link);
  return { links, share: path.share };
}

/** A priority queue. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  push(item: T): void {
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#before(item, items[parent])) break;
      items[place] = items[parent];
      place = parent;
    }
    items[place] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1], items[child])) child++;
      if (!this.#before(items[child], last)) break;
      items[place] = items[child];
      place = child;
    }
    items[place] = last;
    return first;
  }
}

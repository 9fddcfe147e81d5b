import type { CallOptions } from '../call-options';
import { checkInteger } from '../validate';
import type { GraphEdge } from './edges';
import type { PrunedView } from './graph-view';
import { type InputShares, inputShares, keptInfluence } from './input-shares';
import type { FeatureNode, GraphNode } from './nodes';

export interface TopFeature {
  readonly node: FeatureNode;
  /** The sum over all paths to the outputs in the whole graph of normalised absolute weights. */
  readonly influence: number;
}

export interface TopEdge extends GraphEdge {
  /** |weight| divided by the sum of the |weights| of the target's kept inputs. */
  readonly share: number;
  /** share * influence of the target on the outputs within the pruned graph. */
  readonly influence: number;
}

export interface TopPath {
  /** From a token to an output. */
  readonly nodes: readonly GraphNode[];
  /** The weights of the edges between the nodes. A positive product supports the output, a negative one opposes it. */
  readonly weights: readonly number[];
  /** The weight of the output * the shares of all edges. */
  readonly share: number;
}

const maxPaths = 1000;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `count` is a whole number of 0 or more. */
export async function topFeatures(pruned: PrunedView, count: number, options: CallOptions = {}): Promise<TopFeature[]> {
  checkInteger(count, 'count', 0);
  const { graph, nodeMask } = pruned;
  const influence = await graph.nodeInfluence(options);
  const kept = indices(graph.nSelected).filter((index) => nodeMask[index]);
  return strongest(kept, influence, count).map((index) => ({
    node: graph.node(index) as FeatureNode,
    influence: influence[index] as number,
  }));
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `count` is a whole number of 0 or more. */
export function topEdges(pruned: PrunedView, count: number): TopEdge[] {
  checkInteger(count, 'count', 0);
  const { graph, edgeSources, edgeTargets, edgeWeights } = pruned;
  const inputs = inputShares(pruned);
  const nodes = keptInfluence(pruned, inputs);
  const influence = inputs.share.map((share, edge) => share * (nodes[edgeTargets[edge] as number] as number));
  return strongest(indices(pruned.nEdges), influence, count).map((edge) => ({
    source: graph.node(edgeSources[edge] as number),
    target: graph.node(edgeTargets[edge] as number),
    weight: edgeWeights[edge] as number,
    share: inputs.share[edge] as number,
    influence: influence[edge] as number,
  }));
}

/**
 * The end of a path: `node`, followed by `edge` and the rest of the path. For an output, edge and rest are undefined.
 */
interface Tail {
  readonly node: number;
  readonly edge: number;
  readonly rest?: Tail;
  /** The weight of the output * the shares of the edges so far. */
  readonly share: number;
}

/** A step back from a node towards the tokens. */
interface Step {
  readonly source: number;
  readonly edge: number;
  readonly share: number;
  /** share * the share of the best path from a token to `source`. */
  readonly best: number;
}

/**
 * A candidate: `tail` extended by `steps[choice]`, with the share of the best such path. Without a tail, it starts at
 * an output.
 */
interface Candidate {
  readonly tail?: Tail;
  readonly steps: readonly Step[];
  readonly choice: number;
  readonly promise: number;
}

/**
 * Best-first search backwards from the outputs. The promise of a tail is the share of the best path that ends in it, so
 * paths are found strongest first, and every visited node is part of one of them.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `count` is a whole number from 0 to 1000.
 */
export function topPaths(pruned: PrunedView, count: number): TopPath[] {
  checkInteger(count, 'count', 0, maxPaths);
  const inputs = inputShares(pruned);
  const best = bestFromToken(pruned, inputs);
  const found: TopPath[] = [];
  const queue: Candidate[] = [];
  offer(queue, firstSteps(pruned, best), 0);
  while (found.length < count) {
    const candidate = queue.pop();
    if (!candidate) break;
    const { tail, steps, choice } = candidate;
    const { source, edge, share } = steps[choice] as Step;
    const longer: Tail = { node: source, edge, rest: tail, share: (tail?.share ?? 1) * share };
    offer(queue, steps, choice + 1, tail);
    if (isToken(pruned, source)) found.push(toTopPath(pruned, longer));
    else offer(queue, stepsInto(pruned, inputs, best, source), 0, longer);
  }
  return found;
}

/** [M] the share of the best path from any token to each node: 1 for tokens, 0 where no path leads. */
function bestFromToken(pruned: PrunedView, { start, share }: InputShares): Float64Array {
  const { graph, edgeSources } = pruned;
  const best = new Float64Array(graph.nNodes).fill(1, graph.tokenStart, graph.logitStart);
  const visit = (target: number) => {
    for (let edge = start[target] as number; edge < (start[target + 1] as number); edge++) {
      const through = (share[edge] as number) * (best[edgeSources[edge] as number] as number);
      best[target] = Math.max(best[target] as number, through);
    }
  };
  for (let feature = 0; feature < graph.nSelected; feature++) visit(feature);
  for (let logit = graph.logitStart; logit < graph.nNodes; logit++) visit(logit);
  return best;
}

function firstSteps({ graph }: PrunedView, best: Float64Array): Step[] {
  const steps = graph.logits.map(({ weight }, rank) => {
    const source = graph.logitStart + rank;
    return { source, edge: -1, share: weight, best: weight * (best[source] as number) };
  });
  return bestFirst(steps);
}

function stepsInto({ edgeSources }: PrunedView, inputs: InputShares, best: Float64Array, target: number): Step[] {
  const steps: Step[] = [];
  for (let edge = inputs.start[target] as number; edge < (inputs.start[target + 1] as number); edge++) {
    const source = edgeSources[edge] as number;
    const share = inputs.share[edge] as number;
    steps.push({ source, edge, share, best: share * (best[source] as number) });
  }
  return bestFirst(steps);
}

function bestFirst(steps: Step[]): Step[] {
  return steps.filter((step) => step.best > 0).sort((a, b) => b.best - a.best);
}

/** Insert into the queue, which is in ascending order of promise. Of equals, the earliest stays last. */
function offer(queue: Candidate[], steps: readonly Step[], choice: number, tail?: Tail): void {
  const step = steps[choice];
  if (!step) return;
  const promise = (tail?.share ?? 1) * step.best;
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((queue[middle] as Candidate).promise < promise) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, { tail, steps, choice, promise });
}

function toTopPath({ graph, edgeWeights }: PrunedView, path: Tail): TopPath {
  const nodes: GraphNode[] = [];
  const weights: number[] = [];
  for (let tail: Tail | undefined = path; tail; tail = tail.rest) {
    nodes.push(graph.node(tail.node));
    if (tail.edge >= 0) weights.push(edgeWeights[tail.edge] as number);
  }
  return { nodes, weights, share: path.share };
}

function isToken({ graph }: PrunedView, node: number): boolean {
  return node >= graph.tokenStart && node < graph.logitStart;
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The `count` items with the highest values, highest first. Equal values are sorted by ascending item. */
function strongest(items: number[], values: ArrayLike<number>, count: number): number[] {
  return items.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b).slice(0, count);
}

import { type InspectOptions, inspect, types } from 'node:util';
import { type CallOptions, resolveCallOptions } from '../call-options';
import type { NdArray } from '../engine/arrays';
import { CircuitTracerError } from '../errors';
import type { FeatureLabels } from '../graph-file/labels';
import { lazy } from '../lazy';
import { checkArraySize } from '../memory-limits';
import type { Tokenizer } from '../model/tokenizer';
import { resolveOptions } from '../options';
import { checkInteger, describe } from '../validate';
import { requireFinite, runOnGraph } from './arithmetic';
import { EdgeRows, edgesProperty } from './edge-rows';
import { edgesInto, type GraphEdge, outgoingEdges } from './edges';
import { findProblem, type GraphData, type GraphModel, type LogitTarget } from './graph-data';
import { type FeatureNode, type GraphNode, type NodeRanges, nodeAt, nodeLabel, nodeRanges } from './nodes';
import { type GraphOverview, graphOverview, shown } from './overview';
import { PrunedGraphOf } from './prune';
import { type PruneOptions, pruneOptions } from './prune-options';

const buffers = lazy(() => require('./formats/safetensors') as typeof import('./formats/safetensors'));
const files = lazy(() => require('./formats/saved-graph') as typeof import('./formats/saved-graph'));

/**
 * `replacement`: the share of influence that starts at tokens and not at errors. `completeness`: the explained share of
 * inputs.
 */
export interface GraphScores {
  readonly replacement: number;
  readonly completeness: number;
}

export interface LoadGraphOptions extends CallOptions {
  /** Returns the texts of tokens, which a `.pt` file lacks. Default: their ids. */
  readonly tokenizer?: Pick<Tokenizer, 'decodeToken'> | undefined;
}

/**
 * The attribution graph of one prompt: the direct, linear effect of each feature, error and token on each selected
 * feature and on the likely outputs.
 *
 * `nodes()`, `features()`, `inputs(node)` and `outputs(node)` return objects. `row` and `weight` return numbers. The
 * data are shared, not copied, so treat all arrays as read-only.
 *
 * @example
 * const graph = await model.attribute('The capital of France is');
 * const [strongest] = await (await graph.prune()).topFeatures(1);
 * for (const { source, weight } of graph.inputs(strongest.node).slice(0, 5)) console.log(graph.label(source), weight);
 */
export class Graph implements GraphData {
  readonly prompt: string;
  readonly tokens: Int32Array;
  readonly tokenStrings: readonly string[];
  readonly activeFeatures: Int32Array;
  readonly activationValues: Float32Array;
  readonly selectedFeatures: Int32Array;
  /**
   * [(S + K) * M], row-major, as in {@link GraphData.edges}. For a graph of more than 4 GiB, reading it throws
   * `ERR_OUT_OF_MEMORY`. {@link row} and {@link weight} work for graphs of any size.
   */
  declare readonly edges: Float32Array;
  readonly logits: readonly LogitTarget[];
  readonly featureLabels: FeatureLabels;
  readonly scan: string | readonly string[];
  readonly model: GraphModel;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly timings: Readonly<Record<string, number>>;
  readonly packageVersion: string;
  readonly #ranges: NodeRanges;
  readonly #edgeRows: EdgeRows;

  /** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` when the data are inconsistent. */
  constructor(data: GraphData) {
    const problem = findProblem(data);
    if (problem) throw new CircuitTracerError('ERR_INVALID_ARGUMENT', `The graph's data are inconsistent: ${problem}`);
    this.prompt = data.prompt;
    this.tokens = data.tokens;
    this.tokenStrings = data.tokenStrings;
    this.activeFeatures = data.activeFeatures;
    this.activationValues = data.activationValues;
    this.selectedFeatures = data.selectedFeatures;
    this.logits = data.logits;
    this.featureLabels = data.featureLabels ?? {};
    this.scan = data.scan;
    this.model = data.model;
    this.settings = data.settings;
    this.timings = data.timings;
    this.packageVersion = data.packageVersion;
    this.#ranges = nodeRanges(data);
    this.#edgeRows = new EdgeRows(data.edges, this.nNodes);
    Object.defineProperty(this, 'edges', edgesProperty(this.#edgeRows));
  }

  /** n */
  get nPositions(): number {
    return this.tokens.length;
  }

  /** L */
  get nLayers(): number {
    return this.model.nLayers;
  }

  /** N, the number of active features, whether or not they are nodes. */
  get nActive(): number {
    return this.activationValues.length;
  }

  /** S */
  get nSelected(): number {
    return this.selectedFeatures.length;
  }

  /** K */
  get nLogits(): number {
    return this.logits.length;
  }

  /** M = S + L * n + n + K */
  get nNodes(): number {
    return this.#ranges.end;
  }

  /** The index of the first node after the features: the error at layer 0, position 0. */
  get errorStart(): number {
    return this.#ranges.errorStart;
  }

  get tokenStart(): number {
    return this.#ranges.tokenStart;
  }

  get logitStart(): number {
    return this.#ranges.logitStart;
  }

  /** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `index` is from 0 to nNodes - 1. */
  node(index: number): GraphNode {
    return nodeAt(this, this.#ranges, index);
  }

  /**
   * All M nodes, or those that pass `test`, by ascending index: features, errors, tokens, logits.
   *
   * @example
   * const texas = graph.nodes(({ label }) => label === 'Texas');
   */
  nodes(test: (node: GraphNode) => unknown = () => true): GraphNode[] {
    return Array.from({ length: this.nNodes }, (_, index) => this.node(index)).filter(test);
  }

  /** All S feature nodes, or those that pass `test`, by ascending index. */
  features(test: (node: FeatureNode) => unknown = () => true): FeatureNode[] {
    const nodes = Array.from({ length: this.nSelected }, (_, index) => this.node(index) as FeatureNode);
    return nodes.filter(test);
  }

  /** A short text for a node: `L3 #120 @5 " Dallas"`, or with its label: `L3 #120 Texas @5 " Dallas"`. */
  label(node: GraphNode): string {
    return nodeLabel(node, this.tokenStrings);
  }

  /** The same graph with additional feature labels, which replace its own where both exist. The arrays are shared. */
  withLabels(labels: FeatureLabels): Graph {
    return new Graph({ ...this.#data(), featureLabels: { ...this.featureLabels, ...labels } });
  }

  /**
   * The direct effect of one node on another, by index. 0 for errors and tokens, which have no inputs.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless both are from 0 to nNodes - 1.
   */
  weight(target: number, source: number): number {
    checkInteger(target, 'target', 0, this.nNodes - 1);
    checkInteger(source, 'source', 0, this.nNodes - 1);
    const row = this.#rowOf(target);
    return row === undefined ? 0 : this.#edgeRows.at(row, source);
  }

  /**
   * [M] the direct effects of all nodes on one node, by index. Zeros for errors and tokens, which have no inputs. For
   * features and logits, the numbers are shared with the graph, not copied.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `target` is from 0 to nNodes - 1.
   */
  row(target: number): Float32Array {
    checkInteger(target, 'target', 0, this.nNodes - 1);
    const row = this.#rowOf(target);
    return row === undefined ? new Float32Array(this.nNodes) : this.#edgeRows.row(row);
  }

  /**
   * The edges into a node, strongest first, without those of weight 0. Errors and tokens have none.
   *
   * @param target a node or its index
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a node that is not in the graph.
   *
   * @example
   * for (const { source, weight } of graph.inputs(feature).slice(0, 5)) console.log(graph.label(source), weight);
   */
  inputs(target: GraphNode | number): GraphEdge[] {
    return edgesInto(this, this.node(typeof target === 'number' ? target : target.index));
  }

  /**
   * The edges out of a node, to features and logits, strongest first, without those of weight 0. Logits have none.
   *
   * @param source a node or its index
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a node that is not in the graph.
   */
  outputs(source: GraphNode | number): GraphEdge[] {
    return outgoingEdges(this, this.node(typeof source === 'number' ? source : source.index));
  }

  /** The row of a node in the edges. Undefined for errors and tokens. */
  #rowOf(target: number): number | undefined {
    const { errorStart, logitStart } = this.#ranges;
    if (target < errorStart) return target;
    return target < logitStart ? undefined : target - logitStart + errorStart;
  }

  /**
   * Prune the graph to the fewest nodes and edges that hold the given shares of influence.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a threshold outside 0 to 1, `ERR_NUMERIC` when edges are not
   * finite, `ABORT_ERR`, or the errors of loading LibTorch.
   */
  async prune(options: PruneOptions = {}): Promise<PrunedGraph> {
    const { nodeThreshold, edgeThreshold, ...call } = resolveOptions(pruneOptions, options);
    const result = await runOnGraph(this.#data(), call, (engine, input, progress) =>
      engine.prune(input, nodeThreshold, edgeThreshold, progress),
    );
    requireFinite(result.cumulativeScores);
    return new PrunedGraphOf(this, result, { nodeThreshold, edgeThreshold });
  }

  /** [M] the influence of each node on the outputs: the sum over all paths of normalised absolute weights. */
  async nodeInfluence(options: CallOptions = {}): Promise<Float32Array> {
    const influence = await runOnGraph(this.#data(), options, (engine, input, progress) =>
      engine.nodeInfluence(input, progress),
    );
    requireFinite(influence);
    return influence;
  }

  /**
   * [S + K, M] each edge's normalised absolute weight times the influence of its target. As large as `edges`.
   *
   * @throws CircuitTracerError `ERR_OUT_OF_MEMORY` for more than 4 GiB. Prune the graph in this case.
   */
  async edgeInfluence(options: CallOptions = {}): Promise<NdArray> {
    const shape = [this.nSelected + this.nLogits, this.nNodes];
    checkArraySize(shape, 'The influences of all edges', 'prune the graph, or compute it with fewer maxFeatureNodes');
    const data = await runOnGraph(this.#data(), options, (engine, input, progress) =>
      engine.edgeInfluence(input, progress),
    );
    return { data, shape };
  }

  /**
   * [K, S] the predicted effect of each feature on each output over all paths: the change of output t when feature s is
   * added once more, or the negative of the change when s is removed. A change d of a pre-activation is assumed to
   * change the activation by d.
   *
   * @throws CircuitTracerError `ERR_NUMERIC` when edges are not finite, `ABORT_ERR`, or the errors of loading LibTorch.
   */
  async totalEffects(options: CallOptions = {}): Promise<NdArray> {
    const activations = Float32Array.from(this.selectedFeatures, (active) => this.activationValues[active] as number);
    const data = await runOnGraph(this.#data(), options, (engine, input, progress) =>
      engine.totalEffects(input, activations, progress),
    );
    requireFinite(data);
    return { data, shape: [this.nLogits, this.nSelected] };
  }

  /** How much of the model's computation the whole, unpruned graph explains. Both scores are from 0 to 1. */
  async scores(options: CallOptions = {}): Promise<GraphScores> {
    const { replacement, completeness } = await runOnGraph(this.#data(), options, (engine, input, progress) =>
      engine.scores(input, progress),
    );
    requireFinite([replacement, completeness]);
    return { replacement, completeness };
  }

  /**
   * Write the whole graph to a `.safetensors` file, or to a `.pt` file for the reference implementation. An existing
   * file is replaced atomically. A `.pt` file does not store settings, labels, the texts of the prompt's tokens or the
   * vectors of directions.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for another extension or a target that a `.pt` file cannot hold,
   * `ERR_FILE_WRITE`, `ABORT_ERR` (nothing is written).
   */
  async save(path: string, options: CallOptions = {}): Promise<void> {
    await files().saveGraph(path, this.#data(), resolveCallOptions(options));
  }

  /**
   * Read a graph written by {@link Graph.save} or by any version of the reference implementation (`Graph.to_pt`). Code
   * in the file is never run. LibTorch is not required.
   *
   * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ABORT_ERR`, or `ERR_FILE_FORMAT` for a file that
   * is damaged, not a graph, or has unexpected content.
   */
  static async load(path: string, options: LoadGraphOptions = {}): Promise<Graph> {
    const call = resolveCallOptions(options, ['tokenizer']);
    const { tokenizer } = options;
    return whole(path, await files().loadGraph(path, call, tokenizer && ((id) => tokenizer.decodeToken(id))));
  }

  /**
   * Returns the graph as the bytes of a `.safetensors` file. {@link Graph.fromBuffer} reads them.
   *
   * @throws CircuitTracerError `ERR_OUT_OF_MEMORY` for a graph of more than 4 GiB, `ABORT_ERR`.
   */
  async toBuffer(options: CallOptions = {}): Promise<Buffer> {
    return buffers().graphBuffer(this.#data(), resolveCallOptions(options));
  }

  /**
   * Read a graph from the bytes of a `.safetensors` file that {@link Graph.save} or {@link Graph.toBuffer} wrote. The
   * bytes are copied. A `.pt` file can only be read from a path.
   *
   * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` unless `bytes` is a Buffer or another Uint8Array;
   * `ERR_FILE_FORMAT` for bytes that are not a whole graph; `ABORT_ERR`.
   */
  static async fromBuffer(bytes: Uint8Array, options: CallOptions = {}): Promise<Graph> {
    if (!types.isUint8Array(bytes)) {
      throw new CircuitTracerError('ERR_INVALID_ARGUMENT', `bytes must be a Uint8Array; found ${describe(bytes)}.`);
    }
    return whole('The buffer', await buffers().parseGraphData(bytes, resolveCallOptions(options)));
  }

  /**
   * The largest magnitude of an edge.
   *
   * @internal
   */
  largestEdge(options: CallOptions = {}): Promise<number> {
    return runOnGraph(this.#data(), options, (engine, input, progress) => engine.largestEdge(input, progress));
  }

  /** An overview of the graph for `JSON.stringify`, without its numbers. {@link Graph.save} writes the whole graph. */
  toJSON(): GraphOverview {
    return graphOverview(this);
  }

  /** @internal */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return shown('Graph', this.toJSON(), options);
  }

  #data(): GraphData {
    return { ...(this as GraphData), edges: this.#edgeRows.blocks };
  }
}

/** @param name the name of the file, for the message */
function whole(name: string, data: GraphData): Graph {
  const problem = findProblem(data);
  if (problem) throw new CircuitTracerError('ERR_FILE_FORMAT', `${name} is not a whole graph: ${problem}`);
  return new Graph(data);
}

/**
 * The result of {@link Graph.prune}: the nodes and edges of a graph that hold given shares of its influence on the outputs.
 */
export type PrunedGraph = PrunedGraphOf<Graph>;

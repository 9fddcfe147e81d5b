import type { NativeGraphInput, NativePruneResult } from '../../../../lib/engine/binding';
import { EdgeRows } from '../../../../lib/graph/edge-rows';

/**
 * Graph arithmetic written plainly on the square matrix in float64, to test what is built on it without LibTorch.
 */
export class Oracle {
  readonly nodes: number;
  readonly nFeatures: number;
  readonly tokenStart: number;
  readonly logitWeights: Float64Array;
  readonly weights: Float64Array[];

  constructor({ edges, featureLayers, nLayers, nPositions, logitProbabilities }: NativeGraphInput) {
    this.nFeatures = featureLayers.length;
    this.tokenStart = this.nFeatures + nLayers * nPositions;
    const logitStart = this.tokenStart + nPositions;
    this.nodes = logitStart + logitProbabilities.length;
    this.logitWeights = new Float64Array(this.nodes);
    this.logitWeights.set(logitProbabilities, logitStart);
    this.weights = Array.from({ length: this.nodes }, () => new Float64Array(this.nodes));
    const rows = new EdgeRows(edges, this.nodes);
    for (let row = 0; row < this.nFeatures + logitProbabilities.length; row++) {
      const node = row < this.nFeatures ? row : row - this.nFeatures + logitStart;
      this.weights[node]?.set(rows.row(row));
    }
  }

  nodeInfluence(weights = this.weights): Float64Array {
    return powerSum(normalized(weights), this.logitWeights);
  }

  edgeInfluence(weights = this.weights): Float64Array[] {
    const influence = this.nodeInfluence(weights);
    return normalized(weights).map((row, target) => {
      const factor = (influence[target] ?? 0) + (this.logitWeights[target] ?? 0);
      return row.map((share) => share * factor);
    });
  }

  scores(): { replacement: number; completeness: number } {
    const influence = this.nodeInfluence();
    const tokens = sum(influence.subarray(this.tokenStart));
    const errors = sum(influence.subarray(this.nFeatures, this.tokenStart));
    const total = influence.map((value, node) => value + (this.logitWeights[node] ?? 0));
    const explained = normalized(this.weights).map(
      (row, node) => (1 - sum(row.subarray(this.nFeatures, this.tokenStart))) * (total[node] ?? 0),
    );
    return { replacement: tokens / (tokens + errors), completeness: sum(explained) / sum(total) };
  }

  prune(nodeThreshold: number, edgeThreshold: number): NativePruneResult {
    const influence = this.nodeInfluence();
    const nodeCut = cut(influence, nodeThreshold);
    const nodeMask = Uint8Array.from(influence, (value, node) => Number(value >= nodeCut || node >= this.tokenStart));
    const inside = this.weights.map((row, t) => row.map((w, s) => (nodeMask[t] && nodeMask[s] ? w : 0)));
    const scores = this.edgeInfluence(inside);
    const edgeCut = cut(Float64Array.from(scores.flatMap((row) => [...row])), edgeThreshold);
    const edges = scores.flatMap((row, t) =>
      [...row.keys()].filter((s) => (row[s] ?? 0) >= edgeCut).map((s) => [t, s]),
    );
    const kept = this.#dropDeadEnds(nodeMask, edges as [number, number][]);
    return {
      nodeMask,
      cumulativeScores: cumulative(influence),
      edgeTargets: Int32Array.from(kept, ([target]) => target),
      edgeSources: Int32Array.from(kept, ([, source]) => source),
      edgeWeights: Float32Array.from(kept, ([target, source]) => this.weights[target]?.[source] ?? 0),
      nodeCut,
      edgeCut,
    };
  }

  /** Features need an edge in and one out, errors one out; repeat until nothing more falls. */
  #dropDeadEnds(nodeMask: Uint8Array, edges: [number, number][]): [number, number][] {
    for (;;) {
      const kept = edges.filter(([target, source]) => nodeMask[target] && nodeMask[source]);
      const hasInput = new Set(kept.map(([target]) => target));
      const hasOutput = new Set(kept.map(([, source]) => source));
      const dead = [...nodeMask.keys()].filter(
        (node) =>
          nodeMask[node] &&
          node < this.tokenStart &&
          (!hasOutput.has(node) || (node < this.nFeatures && !hasInput.has(node))),
      );
      if (dead.length === 0) return kept;
      for (const node of dead) nodeMask[node] = 0;
    }
  }
}

function normalized(weights: readonly Float64Array[]): Float64Array[] {
  return weights.map((row) => {
    const total = Math.max(sum(row.map(Math.abs)), 1e-10);
    return row.map((weight) => Math.abs(weight) / total);
  });
}

/** p A + p A^2 + ..., which ends because A is nilpotent. */
function powerSum(matrix: readonly Float64Array[], start: Float64Array): Float64Array {
  const total = new Float64Array(start.length);
  let current = start;
  while (current.some((value) => value !== 0)) {
    const next = new Float64Array(start.length);
    matrix.forEach((row, target) => {
      const factor = current[target] ?? 0;
      if (factor === 0) return;
      row.forEach((share, source) => {
        next[source] = (next[source] ?? 0) + factor * share;
      });
    });
    next.forEach((value, node) => {
      total[node] = (total[node] ?? 0) + value;
    });
    current = next;
  }
  return total;
}

function cut(values: Float64Array, threshold: number): number {
  const sorted = values.slice().sort().reverse();
  const total = sum(sorted);
  let running = 0;
  const index = sorted.findIndex((value) => {
    running += value;
    return running / total >= threshold;
  });
  return sorted.at(index) ?? 0;
}

function cumulative(influence: Float64Array): Float32Array {
  const total = sum(influence);
  const order = [...influence.keys()].sort((a, b) => (influence[b] ?? 0) - (influence[a] ?? 0) || a - b);
  const shares = new Float32Array(influence.length);
  let running = 0;
  for (const node of order) {
    running += influence[node] ?? 0;
    shares[node] = running / total;
  }
  return shares;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total;
}

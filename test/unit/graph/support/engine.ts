import type { NativeGraphInput, NativeJob } from '../../../../lib/engine/binding';
import { Oracle } from './oracle';

export { tellProgress } from '../../../../lib/progress';

const engine = {
  nodeInfluence: (graph: NativeGraphInput) => done(Float32Array.from(new Oracle(graph).nodeInfluence())),
  edgeInfluence: (graph: NativeGraphInput) => done(edgeRows(new Oracle(graph))),
  prune: (graph: NativeGraphInput, nodeThreshold: number, edgeThreshold: number) =>
    done(new Oracle(graph).prune(nodeThreshold, edgeThreshold)),
  scores: (graph: NativeGraphInput) => done(new Oracle(graph).scores()),
};

/** Stands in for that of lib/engine, so that tests of what is built on graph arithmetic need no LibTorch. */
export function runGraphJob<T>(start: (given: typeof engine) => NativeJob<T>): Promise<T> {
  return start(engine).promise;
}

export function nativeProgress(): undefined {}

function done<T>(value: T): NativeJob<T> {
  return { promise: Promise.resolve(value), cancel: () => {} };
}

function edgeRows(oracle: Oracle): Float32Array {
  const logitStart = oracle.logitWeights.findIndex((weight) => weight > 0);
  const rows = oracle.edgeInfluence().filter((_, node) => node < oracle.nFeatures || node >= logitStart);
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

import type { NativeGraphInput, NativeJob } from '../../../../lib/binding';
import { Oracle } from './oracle';

/** Stands in for lib/engine, so that tests of what is built on graph arithmetic need no LibTorch. */
export function graphEngine() {
  return {
    nodeInfluence: (graph: NativeGraphInput) => done(Float32Array.from(new Oracle(graph).nodeInfluence())),
    edgeInfluence: (graph: NativeGraphInput) => done(edgeRows(new Oracle(graph))),
    prune: (graph: NativeGraphInput, nodeThreshold: number, edgeThreshold: number) =>
      done(new Oracle(graph).prune(nodeThreshold, edgeThreshold)),
    scores: (graph: NativeGraphInput) => done(new Oracle(graph).scores()),
  };
}

export function runJob<T>(job: NativeJob<T>): Promise<T> {
  return job.promise;
}

function done<T>(value: T): NativeJob<T> {
  return { promise: Promise.resolve(value), cancel: () => {} };
}

function edgeRows(oracle: Oracle): Float32Array {
  const logitStart = oracle.logitWeights.findIndex((weight) => weight > 0);
  const rows = oracle.edgeInfluence().filter((_, node) => node < oracle.nFeatures || node >= logitStart);
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

/**
 * `circuit-tracer/memory`: how much memory a model and an attribution take, before either is begun.
 *
 * @packageDocumentation
 */
export type { AttributionMemory, AttributionSize } from './attribution-memory';
export { type AttributionEstimate, estimateMemory, type MemoryEstimate } from './estimate';
export type { LoadMemory, WeightBytes, WeightGroup } from './load-memory';
export type { MemoryOptions } from './options';

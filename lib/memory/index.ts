/**
 * `circuit-tracer/memory`: estimate the memory for a model and an attribution before either starts.
 *
 * @packageDocumentation
 */
export type { AttributionMemory, AttributionSize } from './attribution-memory';
export { type AttributionEstimate, estimateMemory, type MemoryEstimate } from './estimate';
export type { LoadMemory, WeightBytes, WeightGroup } from './load-memory';
export type { MemoryOptions } from './options';

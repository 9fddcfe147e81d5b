/**
 * `circuit-tracer/harvest`: find the texts that features activate on, and read what was found.
 *
 * @packageDocumentation
 */

export { PackedFeatures } from '../features/packed-features';
export type { ExampleQuantile, FeatureExample, FeatureExamples } from '../graph-file/feature-examples';
export { type HarvestResult, harvestFeatures } from './harvest';
export type { HarvestOptions } from './options';

/**
 * `circuit-tracer/render`: render the results of interventions as SVG and HTML text.
 *
 * @packageDocumentation
 */
export type { TokenProbability, TopTokenComparison } from '../top-tokens';
export type { Experiment, ExperimentEdge, ExperimentGroup } from './experiment';
export { experimentSvg } from './experiment-svg';
export { type ContinuationComparison, continuationsHtml, topTokensHtml } from './html';

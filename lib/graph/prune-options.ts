import { callOptions } from '../call-options';
import { number } from '../kinds';
import { defineOptions, type OptionsOf, type ResolvedOf } from '../options';

/** How much of a graph pruning keeps. */
export const pruneThresholds = defineOptions({
  /** Keep the fewest nodes that hold this share of influence, 0 to 1. Default 0.8. */
  nodeThreshold: {
    kind: number(0, 1),
    default: 0.8,
    flag: '--node-threshold <share>',
    help: 'share of influence that the nodes of the pruned graph keep',
  },
  /** Keep the fewest edges between them that hold this share, 0 to 1. Default 0.98. */
  edgeThreshold: {
    kind: number(0, 1),
    default: 0.98,
    flag: '--edge-threshold <share>',
    help: 'share of influence that its edges keep',
  },
});

export interface PruneThresholds extends ResolvedOf<typeof pruneThresholds> {}

export const pruneOptions: typeof pruneThresholds & typeof callOptions = { ...pruneThresholds, ...callOptions };

export interface PruneOptions extends OptionsOf<typeof pruneOptions> {}

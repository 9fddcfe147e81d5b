import { callOptions, promptOptions } from '../call-options';
import { deviceListKind } from '../engine/device';
import { attributionSettings } from '../engine/settings';
import { boolean, later, oneOf } from '../kinds';
import { defineOptions, type OptionsOf, type ResolvedOf, resolveOptions } from '../options';
import type { TargetSpec } from './targets';

const ownOptions = defineOptions({
  /** What to explain. Default: the likeliest next tokens. */
  targets: { kind: later<readonly TargetSpec[]>() },
  /**
   * Compute rows on these devices side by side, each with a copy of the prompt's linear model (not of the weights): `cuda:0`,
   * `cuda:1`. The graph is the same. Default: the model's own device.
   */
  devices: {
    kind: deviceListKind,
    default: [],
    flag: '--devices <list>',
    help: 'compute rows on several devices: cuda:0,cuda:1',
    shown: "the model's",
  },
  /** Move weights no longer needed off the device while rows are computed: to main memory (`cpu`) or to temporary files (`disk`). Default: they stay. */
  offload: {
    kind: oneOf(['cpu', 'disk']),
    flag: '--offload <where>',
    help: 'move idle weights away: cpu or disk',
  },
  /** Log each phase at level info. Default false. */
  verbose: { kind: boolean, default: false },
});

export const attributeOptions: typeof attributionSettings &
  typeof ownOptions &
  typeof promptOptions &
  typeof callOptions = { ...attributionSettings, ...ownOptions, ...promptOptions, ...callOptions };

export interface AttributeOptions extends OptionsOf<typeof attributeOptions> {}

/** `targets` are checked against the prompt, and whether the devices are there when they are used. */
export type ResolvedAttributeOptions = ResolvedOf<typeof attributeOptions>;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range. */
export function resolveAttributeOptions(options: AttributeOptions = {}): ResolvedAttributeOptions {
  return resolveOptions(attributeOptions, options, 'attribute options');
}

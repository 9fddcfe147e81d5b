import { callOptions, promptOptions } from '../call-options';
import { deviceListKind } from '../engine/device';
import { attributionSettings } from '../engine/settings';
import { boolean, later, oneOf } from '../kinds';
import { defineOptions, type OptionsOf, type ResolvedOf, resolveOptions } from '../options';
import type { TargetSpec } from './targets';

const ownOptions = defineOptions({
  /** The targets to explain. Default: the likeliest next tokens. */
  targets: { kind: later<readonly TargetSpec[]>() },
  /**
   * Compute rows on these devices in parallel, for example `cuda:0` and `cuda:1`. Each device gets a copy of the
   * prompt's linear model, but not of the weights. The graph is the same. Default: the model's own device.
   */
  devices: {
    kind: deviceListKind,
    default: [],
    flag: '--devices <list>',
    help: 'compute rows on several devices in parallel: cuda:0,cuda:1',
    shown: "the model's",
  },
  /**
   * Where to move idle weights while rows are computed: main memory (`cpu`) or temporary files (`disk`). Default: they
   * stay on the device.
   */
  offload: {
    kind: oneOf(['cpu', 'disk']),
    flag: '--offload <where>',
    help: 'move idle weights off the device: cpu or disk',
  },
  /** Log each phase at level info. Default false. */
  verbose: { kind: boolean, default: false },
});

export const attributeOptions: typeof attributionSettings &
  typeof ownOptions &
  typeof promptOptions &
  typeof callOptions = { ...attributionSettings, ...ownOptions, ...promptOptions, ...callOptions };

export interface AttributeOptions extends OptionsOf<typeof attributeOptions> {}

/** The `targets` are checked against the prompt later, and the devices when they are used. */
export type ResolvedAttributeOptions = ResolvedOf<typeof attributeOptions>;

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for an unknown name or a value out of range. */
export function resolveAttributeOptions(options: AttributeOptions = {}): ResolvedAttributeOptions {
  return resolveOptions(attributeOptions, options, 'attribute options');
}

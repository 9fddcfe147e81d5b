import { type Command, InvalidArgumentError } from 'commander';
import type { TargetSpec } from '../attribution/targets';
import { UsageError } from './exit';

/** Flags that say what a graph explains. */
export interface TargetFlags {
  target?: string[];
  targetDiff?: string[];
  targetFeature?: { layer: number; position: number; feature: number }[];
}

export function addTargetOptions(command: Command): Command {
  const collect = (text: string, previous: string[] = []) => [...previous, text];
  return command
    .option('--target <token>', 'explain this token instead of the likeliest; may be repeated', collect)
    .option('--target-diff <tokens...>', "explain the first token's logit minus the second's; may be repeated", collect)
    .option('--target-feature <LAYER:POSITION:FEATURE>', 'explain a feature; may be repeated', collectFeature);
}

type FeaturePlace = NonNullable<TargetFlags['targetFeature']>[number];

function collectFeature(text: string, previous: FeaturePlace[] = []): FeaturePlace[] {
  const [, layer, position, feature] = /^(\d+):(-?\d+):(\d+)$/.exec(text.trim()) ?? [];
  if (feature === undefined) throw new InvalidArgumentError('It must be LAYER:POSITION:FEATURE, as 3:5:120.');
  return [...previous, { layer: Number(layer), position: Number(position), feature: Number(feature) }];
}

/** Tokens, then differences, then features; undefined without any, which means the likeliest tokens. */
export function targetsOf({ target = [], targetDiff = [], targetFeature = [] }: TargetFlags): TargetSpec[] | undefined {
  if (targetDiff.length % 2 === 1) {
    throw new UsageError('--target-diff takes two tokens: --target-diff " Austin" " Sacramento".');
  }
  const differences = targetDiff.flatMap((first, i) =>
    i % 2 === 0 ? [{ difference: [first, targetDiff[i + 1] as string] as const }] : [],
  );
  const targets = [...target, ...differences, ...targetFeature.map((feature) => ({ feature }))];
  return targets.length === 0 ? undefined : targets;
}

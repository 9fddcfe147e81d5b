import { type Command, InvalidArgumentError } from 'commander';
import { resolveTargets, type TargetSpec } from '../../attribution/targets';
import { log } from '../../log';
import type { PreparedPrompt } from '../../model/prompt';
import type { Tokenizer } from '../../model/tokenizer';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { UsageError } from '../runtime/exit';

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

/** Targets, and the flag that each comes from. */
export interface GivenTargets {
  /** Tokens, then differences, then features; undefined without any, which means the likeliest tokens. */
  readonly targets: TargetSpec[] | undefined;
  /** [targets.length] */
  readonly flags: readonly string[];
}

export function targetsOf({ target = [], targetDiff = [], targetFeature = [] }: TargetFlags): GivenTargets {
  if (targetDiff.length % 2 === 1) {
    throw new UsageError('--target-diff takes two tokens: --target-diff " Austin" " Sacramento".');
  }
  const quoted = (token: string) => JSON.stringify(token);
  const pairs = targetDiff.flatMap((first, i) => (i % 2 === 0 ? [[first, targetDiff[i + 1] as string] as const] : []));
  const targets = [
    ...target,
    ...pairs.map((difference) => ({ difference })),
    ...targetFeature.map((feature) => ({ feature })),
  ];
  return {
    targets: targets.length === 0 ? undefined : targets,
    flags: [
      ...target.map((token) => `--target ${quoted(token)}`),
      ...pairs.map((pair) => `--target-diff ${pair.map(quoted).join(' ')}`),
      ...targetFeature.map(({ layer, position, feature }) => `--target-feature ${layer}:${position}:${feature}`),
    ],
  };
}

/** Whether the model has the targets; what they are numerically, only its weights tell. */
export async function checkTargets(
  targets: readonly TargetSpec[],
  { tokens, specialPositions }: PreparedPrompt,
  { spec, transcoderSpec: transcoders, tokenizer }: ModelOutline,
): Promise<void> {
  const directions = async (ids: Int32Array) => new Float32Array(ids.length * spec.dModel);
  const prompt = tokens.length;
  await resolveTargets(targets, { spec, transcoders, tokenizer, prompt, specialPositions, directions });
  for (const target of targets) if (typeof target === 'string') await warnOfMissingSpace(target, tokenizer);
}

/** Most words of a text are tokens with a space in front; without it they are other tokens. */
async function warnOfMissingSpace(token: string, tokenizer: Tokenizer): Promise<void> {
  if (!/^[\p{L}\p{N}]/u.test(token)) return;
  const [id, ...others] = await tokenizer.encode(` ${token}`);
  if (id === undefined || others.length > 0 || tokenizer.decodeToken(id) !== ` ${token}`) return;
  log().warn(`--target ${JSON.stringify(token)} is the token without a space in front; " ${token}" is another token`);
}

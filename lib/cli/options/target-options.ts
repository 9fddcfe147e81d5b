import { type Command, InvalidArgumentError } from 'commander';
import { resolveTargets, type TargetSpec } from '../../attribution/targets';
import { log } from '../../log';
import type { PreparedPrompt } from '../../model/prompt';
import type { Tokenizer } from '../../model/tokenizer';
import type { ModelOutline } from '../../replacement-model/open-pair';
import { UsageError } from '../runtime/exit';

/** The flags for attribution targets. */
export interface TargetFlags {
  target?: string[];
  targetDiff?: string[];
  targetFeature?: { layer: number; position: number; feature: number }[];
}

export function addTargetOptions(command: Command): Command {
  const collect = (text: string, previous: string[] = []) => [...previous, text];
  return command
    .option('--target <token>', 'explain this token instead of the likeliest tokens; may be repeated', collect)
    .option(
      '--target-diff <tokens...>',
      'explain the logit of the first token minus that of the second; may be repeated',
      collect,
    )
    .option('--target-feature <LAYER:POSITION:FEATURE>', 'explain a feature; may be repeated', collectFeature);
}

type FeaturePlace = NonNullable<TargetFlags['targetFeature']>[number];

function collectFeature(text: string, previous: FeaturePlace[] = []): FeaturePlace[] {
  const [, layer, position, feature] = /^(\d+):(-?\d+):(\d+)$/.exec(text.trim()) ?? [];
  if (feature === undefined) throw new InvalidArgumentError('It must be LAYER:POSITION:FEATURE, such as 3:5:120.');
  return [...previous, { layer: Number(layer), position: Number(position), feature: Number(feature) }];
}

/** Targets, and the flags that they come from. */
export interface GivenTargets {
  /** Tokens, then differences, then features. Undefined if there are none, which selects the likeliest tokens. */
  readonly targets: TargetSpec[] | undefined;
  /** [targets.length] */
  readonly flags: readonly string[];
}

export function targetsOf({ target = [], targetDiff = [], targetFeature = [] }: TargetFlags): GivenTargets {
  if (targetDiff.length % 2 === 1) {
    throw new UsageError('--target-diff requires two tokens, such as --target-diff " Austin" " Sacramento".');
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

/** Check that the model has the targets. Their values depend on its weights. */
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

/** Warn about a token without a leading space, because most words of a text are tokens with one. */
async function warnOfMissingSpace(token: string, tokenizer: Tokenizer): Promise<void> {
  if (!/^[\p{L}\p{N}]/u.test(token)) return;
  const [id, ...others] = await tokenizer.encode(` ${token}`);
  if (id === undefined || others.length > 0 || tokenizer.decodeToken(id) !== ` ${token}`) return;
  log().warn(`--target ${JSON.stringify(token)} is a token without a leading space. " ${token}" is a different token.`);
}

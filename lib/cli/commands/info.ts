import type { Command } from 'commander';
import { CircuitTracerError } from '../../errors';
import { findMisfit, type Info, inspect, toMemoryParts } from '../../inspect/inspect';
import { memoryAdvice } from '../../memory/advice';
import { memoryOf } from '../../memory/estimate';
import { memoryOptions } from '../../memory/options';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { addFlags, optionsFrom } from '../options/table-flags';
import { renderInfo } from '../render/info';
import { renderMemory } from '../render/memory';
import { Palette } from '../render/text';
import { interruptible, UsageError } from '../runtime/exit';
import { progressDisplay } from '../runtime/progress';

export function registerInfo(program: Command): void {
  const command = program
    .command('info')
    .description('describe a model, transcoders or a graph, check whether two of them match, and estimate memory')
    .argument('<path>', 'model, transcoders (folder or org/repo) or saved graph')
    .argument('[other]', 'a second one, to check whether they match');
  addFlags(command, memoryOptions);
  addCommonOptions(command, { logs: false, json: 'it' }).action(showInfo);
}

/** Hub references are fetched with progress and can be interrupted. */
async function inspectBoth(path: string, other: string | undefined): Promise<{ first: Info; second?: Info }> {
  const display = progressDisplay();
  try {
    return await interruptible(async (signal) => {
      const options = { signal, onProgress: display.listener };
      const first = await inspect(path, options);
      return other === undefined ? { first } : { first, second: await inspect(other, options) };
    });
  } finally {
    display.stop();
  }
}

async function showInfo(path: string, other: string | undefined, flags: CommonFlags): Promise<void> {
  const { first, second } = await inspectBoth(path, other);
  if (second?.kind === first.kind) {
    throw new UsageError(
      `Both paths are of the same kind (${first.kind}). Use two different kinds of model, transcoders and graph.`,
    );
  }
  const misfit = second && findMisfit(first, second);
  const infos = second ? [first, second] : [first];
  const memory = misfit === undefined ? await memoryAnswer(infos, flags) : undefined;
  if (flags.json) printJson(infos, misfit, memory);
  else printPage(infos, memory);
  if (misfit) throw new CircuitTracerError('ERR_MODEL_MISMATCH', misfit);
  if (second && !flags.json) process.stdout.write('They match.\n');
}

type MemoryAnswer = Awaited<ReturnType<typeof memoryAnswer>>;

/** Undefined without a model and transcoders. */
async function memoryAnswer(infos: readonly Info[], flags: CommonFlags) {
  const parts = await toMemoryParts(infos);
  if (!parts.model && !parts.transcoders) return undefined;
  const options = optionsFrom(memoryOptions, flags);
  return { estimate: memoryOf(parts, options), advice: memoryAdvice(parts, options) };
}

function printJson(infos: readonly Info[], misfit: string | undefined, memory: MemoryAnswer): void {
  const items = infos.map(plain);
  const about = items.length > 1 ? { items, fit: misfit === undefined, misfit: misfit ?? null } : items[0];
  const answer = memory ? { ...about, memory: { ...memory.estimate, ...memory.advice } } : about;
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
}

/** Without the location of each tensor. */
function plain(info: Info): object {
  if (info.kind === 'graph') return info;
  const { plan: _, ...others } = info;
  return others;
}

function printPage(infos: readonly Info[], memory: MemoryAnswer): void {
  const palette = new Palette(process.stdout);
  const pages = infos.map((info) => renderInfo(info, palette));
  if (memory) pages.push(renderMemory(memory.estimate, memory.advice, palette));
  for (const lines of pages) process.stdout.write(`${lines.join('\n')}\n\n`);
}

import type { MemoryAdvice } from '../../memory/advice';
import type { MemoryEstimate } from '../../memory/estimate';
import { type WeightBytes, weightGroups } from '../../memory/load-memory';
import { type MemoryOptions, memoryOptions } from '../../memory/options';
import type { Option } from '../../options';
import { field } from './info';
import { byteSize, grouped, type Palette, pageWidth, wrap } from './text';

/** Render the memory for loading and attribution in lines of at most 80 columns. */
export function renderMemory(estimate: MemoryEstimate, advice: MemoryAdvice, palette: Palette): string[] {
  const { weights, load, machine, dtype, device } = estimate;
  return [
    palette.heading(`Memory in ${dtype} on ${device}`),
    ...field('weights', parts(weights.inMemory)),
    ...field('left in files', parts(weights.onDisk)),
    ...field('Node, LibTorch', byteSize(estimate.process)),
    ...field('to load', `at most ${byteSize(load.peak)}`),
    ...attributionLines(estimate),
    ...(estimate.onDevice > 0 ? field('on the GPU', byteSize(estimate.onDevice)) : []),
    ...field('this machine', byteSize(machine)),
    ...warning(estimate, advice, palette),
  ];
}

function parts(bytes: WeightBytes): string {
  const named = weightGroups.filter((group) => bytes[group] > 0);
  if (named.length === 0) return 'none';
  const total = named.reduce((sum, group) => sum + bytes[group], 0);
  return `${byteSize(total)}: ${named.map((group) => `${group} ${byteSize(bytes[group])}`).join(', ')}`;
}

function attributionLines({ attribution }: MemoryEstimate): string[] {
  if (!attribution) return [];
  const { tokens, batchSize, activeFeatures, peakResident, localModel, edges, perBatch } = attribution;
  return [
    ...field('to attribute', `at most ${byteSize(peakResident)}`),
    ...field('', `with ${tokens} tokens, ${grouped(activeFeatures)} active features`),
    ...field('a batch', `${byteSize(perBatch)} with ${batchSize} rows`),
    ...field('besides', `frozen model ${byteSize(localModel)}, edges ${byteSize(edges)}`),
  ];
}

function warning({ machine }: MemoryEstimate, { fits, needed, changes }: MemoryAdvice, palette: Palette): string[] {
  if (fits) return [];
  const problem = `needs ${byteSize(needed)}, more than the ${byteSize(machine)} of this machine.`;
  const hints = changes.map((change) => `${formatFlag(change.options)} (${byteSize(change.needed)})`);
  const advice = hints.length > 0 ? ` To use less, add ${hints.join(', ')}.` : '';
  return [
    palette.error('warning:'),
    ...wrap(`${problem}${advice}`.split(' '), ' ', pageWidth - 2, '').map((line) => `  ${line}`),
  ];
}

/** An option in the form of a flag. */
function formatFlag(change: MemoryOptions): string {
  const given = Object.entries(change).map(([name, value]) => {
    const { flag = name }: Option = memoryOptions[name as keyof MemoryOptions];
    return value === true ? flag : flag.replace(/ <.*>$/, ` ${value}`);
  });
  return given.join(' ');
}

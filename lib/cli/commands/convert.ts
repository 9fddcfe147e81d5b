import type { Command } from 'commander';
import { type ComputeDtype, computeDtypes } from '../../model/load-options';
import { type ConvertTranscodersOptions, convertTranscoders } from '../../transcoder/convert/convert';
import { oneOf } from '../arguments';
import { interruptible } from '../exit';
import { logToStderr } from '../logging';
import { shortDtypes } from '../model-options';
import { inMegabytes, progressDisplay } from '../progress';
import { byteSize } from '../text';

interface ConvertFlags {
  dtype?: ComputeDtype;
  verbose: boolean;
}

export function registerConvert(program: Command): void {
  program
    .command('convert')
    .description('write transcoders of any format anew, in the native format that lazy loading reads best')
    .argument('<from>', 'transcoders with config.yaml; also demo and demo-cross-layer')
    .argument('<to>', 'folder to make')
    .option('--dtype <type>', 'float32, bfloat16 or float16 (default: as stored)', oneOf(computeDtypes, shortDtypes))
    .option('--verbose', 'log what is done, and show stacks of errors', false)
    .action(convert);
}

async function convert(from: string, to: string, flags: ConvertFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  await interruptible(async (signal) => {
    try {
      const done = await convertSet(from, to, flags, { signal, onProgress: inMegabytes(display.listener) });
      display.stop();
      process.stdout.write(`${done}\n`);
    } finally {
      display.stop();
    }
  });
}

/** @returns what was written, in words */
async function convertSet(
  from: string,
  to: string,
  { dtype }: ConvertFlags,
  shared: Pick<ConvertTranscodersOptions, 'signal' | 'onProgress'>,
): Promise<string> {
  const { folder, files, bytes } = await convertTranscoders(from, to, { ...shared, ...(dtype && { dtype }) });
  return `${files} files, ${byteSize(bytes)}, in ${folder}`;
}

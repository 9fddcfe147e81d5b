import { type Command, Option } from 'commander';
import { checkHarvestFiles, checkHarvestModel } from '../../harvest/check';
import { type HarvestResult, harvestFeatures } from '../../harvest/harvest';
import { type HarvestOptions, harvestDefaults, resolveHarvestOptions } from '../../harvest/options';
import { wholeNumber } from '../options/arguments';
import { addMachineOptions, addModelOptions, type ModelFlags, withModel } from '../options/model-options';
import { grouped } from '../render/text';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

type Numbers = { [name in keyof typeof harvestDefaults]: number };

interface HarvestFlags extends ModelFlags, Numbers {
  text: string;
  out: string;
  verbose?: boolean;
  json?: boolean;
}

/** What each number means; flags are spelled after the library's names. */
const numbers: { readonly [name in keyof Numbers]: string } = {
  context: 'tokens of a document run at once',
  topExamples: 'examples of the strongest activations',
  sameWord: 'times a word is shown among them',
  intervals: 'parts of the range of activations with examples',
  intervalExamples: 'examples of each',
  window: 'tokens shown of an example',
  bins: 'bars of the histogram',
  logits: 'tokens made likelier, and less likely',
  candidates: 'places kept of a feature for its top examples',
  sample: 'places kept of it for quantiles and intervals',
  saveInterval: 'seconds between saves to go on from',
};

const example = `
The same command after a break goes on where it was. Example:
  circuit-tracer harvest -m gemma-2-2b -t gemma-scope --text corpus.jsonl \\
    --out gemma-scope/features`;

export function registerHarvest(program: Command): void {
  const command = program
    .command('harvest')
    .description('run a corpus through the model and write what each feature answers to');
  addModelOptions(command)
    .requiredOption('--text <file>', 'corpus: .txt, a document per line, or .jsonl with text; also .gz')
    .requiredOption('--out <folder>', 'folder for the packed examples; features beside config.yaml is found');
  for (const [name, meaning] of Object.entries(numbers)) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const option = new Option(`--${flag} <n>`, meaning).argParser(wholeNumber(0));
    command.addOption(option.default(harvestDefaults[name as keyof Numbers]));
  }
  addMachineOptions(command)
    .option('--verbose', 'log what is done, and show stacks of errors')
    .option('--json', 'print the result for programs')
    .addHelpText('after', example)
    .action(harvest);
}

async function harvest(flags: HarvestFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const options = optionsOf(flags);
  await checkHarvestFiles(resolveHarvestOptions(options));
  const result = await withModel(flags, display, {
    check: (outline) => checkHarvestModel(outline, resolveHarvestOptions(options)),
    work: ({ model, ...shared }) => harvestFeatures(model, { ...options, ...shared }),
  });
  process.stdout.write(`${flags.json ? JSON.stringify(result, null, 2) : inWords(result)}\n`);
}

function optionsOf(flags: HarvestFlags): HarvestOptions {
  const names = Object.keys(numbers) as (keyof Numbers)[];
  const given = Object.fromEntries(names.map((name) => [name, flags[name]])) as Numbers;
  return { ...given, text: flags.text, out: flags.out };
}

function inWords({ directory, tokens, features }: HarvestResult): string {
  return `${grouped(features)} features were active on ${grouped(tokens)} tokens; what they answer to is in ${directory}`;
}

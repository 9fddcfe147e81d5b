import type { Command } from 'commander';
import { fetchFiles, listNeeded, type NeededFile, type NeededFiles } from '../../hub/download';
import { Hub } from '../../hub/plan';
import { checkFetchable, planFetch } from '../../replacement-model/plan-fetch';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { byteSize, cell, Palette, pageWidth, printable } from '../render/text';
import { interruptible } from '../runtime/exit';
import { progressDisplay } from '../runtime/progress';

interface FetchFlags extends CommonFlags {
  dryRun?: boolean;
  model: boolean;
}

export function registerFetch(program: Command): void {
  const command = program
    .command('fetch')
    .description('download models and transcoders from the hub to the cache; resumes interrupted downloads')
    .argument('<references...>', 'org/repo, org/repo/folder, …@revision, hf://…, gemma or llama')
    .option('--dry-run', 'only print what would be fetched')
    .option('--no-model', 'do not fetch the model that transcoders name');
  addCommonOptions(command, { logs: false, json: 'the files' }).action(fetchReferences);
}

async function fetchReferences(references: string[], { dryRun, model, json }: FetchFlags): Promise<void> {
  const display = progressDisplay();
  try {
    await interruptible(async (signal) => {
      for (const text of references) await checkFetchable(text);
      const hub = await Hub.open({ signal });
      const needed: NeededFiles[] = [];
      for (const text of references) needed.push(...(await planFetch(text, hub, { withModel: model })));
      const files = await listNeeded(needed);
      if (!dryRun) await fetchFiles(needed, display.listener);
      display.stop();
      process.stdout.write(json ? `${JSON.stringify({ files }, null, 2)}\n` : render(files, dryRun ?? false));
    });
  } finally {
    display.stop();
  }
}

const sizeWidth = 11;
const stateWidth = 9;

function render(files: readonly NeededFile[], dryRun: boolean): string {
  const palette = new Palette(process.stdout);
  const lines: string[] = [];
  for (const repo of new Set(files.map((file) => file.repo))) {
    lines.push(palette.heading(printable(repo)));
    if (dryRun) for (const file of files) if (file.repo === repo) lines.push(row(file));
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const cached = files.reduce((sum, { cachedBytes }) => sum + cachedBytes, 0);
  const fetched = byteSize(total - cached);
  lines.push(
    `${files.length} files, ${byteSize(total)}: ${byteSize(cached)} were in the cache, ${fetched} ${dryRun ? 'to fetch' : 'fetched'}`,
  );
  return `${lines.join('\n')}\n`;
}

function row({ path, bytes, cachedBytes }: NeededFile): string {
  const state = cachedBytes === bytes ? 'cached' : cachedBytes > 0 ? 'partial' : '';
  const name = cell(printable(path), pageWidth - sizeWidth - stateWidth - 4);
  return `  ${name}${byteSize(bytes).padStart(sizeWidth)}  ${state}`.trimEnd();
}

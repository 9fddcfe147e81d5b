import type { Command } from 'commander';
import { findInCache } from '../../hub/cached-reference';
import { type CachedReference, type CachedRepository, listCache, removeFromCache } from '../../hub/cached-repositories';
import { hubSettings } from '../../hub/settings';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { byteSize, cell, Palette, pageWidth, printable } from '../render/text';

interface RemoveFlags extends CommonFlags {
  dryRun?: boolean;
}

export function registerCache(program: Command): void {
  const cache = program
    .command('cache')
    .description('list or remove models and transcoders in the shared cache of hub tools');
  const ls = cache.command('ls').description('list the models and transcoders in the cache');
  addCommonOptions(ls, { logs: false, json: 'them' }).action(list);
  const rm = cache
    .command('rm')
    .description('remove a repository, or one revision and the files that no other revision uses')
    .argument('<reference>', 'a repository, repository@revision or a commit, as listed by ls')
    .option('--dry-run', 'only print what would be removed');
  addCommonOptions(rm, { logs: false, json: 'the removed files' }).action(remove);
}

async function list({ json }: CommonFlags): Promise<void> {
  const { cacheDir } = await hubSettings();
  const repositories = await listCache(cacheDir);
  process.stdout.write(
    json ? `${JSON.stringify({ cacheDir, repositories }, null, 2)}\n` : render(cacheDir, repositories),
  );
}

async function remove(text: string, { dryRun = false, json }: RemoveFlags): Promise<void> {
  const { cacheDir } = await hubSettings();
  const reference = await findInCache(cacheDir, text);
  const removal = await removeFromCache(cacheDir, reference, { dryRun });
  const words = `${named(reference)}: ${byteSize(removal.bytes)} ${dryRun ? 'would be freed' : 'freed'}`;
  process.stdout.write(json ? `${JSON.stringify(removal, null, 2)}\n` : `${words}\n`);
}

/** The reference in the form that `cache ls` lists. */
function named({ repo, commit }: CachedReference): string {
  return printable(commit === undefined ? repo : `${repo}@${shortCommit(commit)}`);
}

/** The number of digits that nearly always identify a commit. */
const shortCommit = (commit: string) => commit.slice(0, 12);

const sizeWidth = 10;
const dateWidth = 12;

function render(cacheDir: string, repositories: readonly CachedRepository[]): string {
  const palette = new Palette(process.stdout);
  const lines = repositories.flatMap(({ repo, bytes, incompleteBytes, revisions }) => [
    palette.heading(row(repo, bytes)),
    ...revisions.map(({ commit, refs, bytes: size, fetchedAt }) =>
      row(`  ${shortCommit(commit)} ${refs.join(', ')}`, size, new Date(fetchedAt).toISOString().slice(0, 10)),
    ),
    ...(incompleteBytes > 0 ? [row('  interrupted downloads', incompleteBytes)] : []),
  ]);
  const total = repositories.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${[...lines, `${repositories.length} repositories, ${byteSize(total)}, in ${cacheDir}`].join('\n')}\n`;
}

function row(name: string, bytes: number, date = ''): string {
  const width = pageWidth - sizeWidth - dateWidth;
  return `${cell(printable(name), width)}${byteSize(bytes).padStart(sizeWidth)}${date.padStart(dateWidth)}`.trimEnd();
}

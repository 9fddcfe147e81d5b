import type { Command } from 'commander';
import { writeFileAtomically } from '../../io/files';
import { checkFile } from './outputs';

/** The flags of commands that write pictures of their results. */
export interface PageFlags {
  html?: string;
  svg?: string;
}

export function addPageOptions(command: Command): Command {
  return command.option('--html <file>', 'write the comparison as a web page');
}

/** @throws CircuitTracerError `ERR_FILE_WRITE` before the work when the files cannot be written. */
export async function checkPages({ html, svg }: PageFlags): Promise<void> {
  for (const path of [html, svg]) if (path !== undefined) await checkFile(path);
}

/** Write the fragment as a page, and the picture. */
export async function writePages(flags: PageFlags, fragment: string, svg?: string): Promise<void> {
  if (flags.html !== undefined) await writeFileAtomically(flags.html, page(fragment));
  if (flags.svg !== undefined && svg !== undefined) await writeFileAtomically(flags.svg, svg);
}

function page(fragment: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Intervention</title>
${fragment}</html>
`;
}

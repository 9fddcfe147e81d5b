import { readFileSync } from 'node:fs';

/** The text of a Markdown file's fenced blocks of one language, in order. */
export function codeBlocks(file: string, language: string): string[] {
  const fences = readFileSync(file, 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...fences].filter(([, found]) => found === language).map(([, , text]) => text as string);
}

/** The commands of a shell block: comments taken off, continued lines joined. */
export function commandsOf(block: string): string[] {
  const lines = block.replace(/\\\n\s*/g, ' ').split('\n');
  return lines.map((line) => line.replace(/(^|\s)#\s.*$/, '').trim()).filter((line) => line !== '');
}

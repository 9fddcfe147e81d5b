import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';
import { cliScript } from './child';
import { codeBlocks, commandsOf } from './code-blocks';
import { temporaryFolder } from './temporary-folder';

const root = path.join(__dirname, '..', '..');
/** The pages whose examples are tested. */
export const pages = ['README.md', 'docs/guide/tutorial.md'];
/** What the README says to type before there is anything to run. */
const setUp = [
  'git clone <this repository> && cd <its folder>',
  'npm run demo',
  'npm test',
  'npm install circuit-tracer',
];

/** A folder of a user's own, with the package installed. */
function userFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(root, path.join(folder, 'node_modules', 'circuit-tracer'), 'dir');
  return folder;
}

function run(program: string, args: string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 3_600_000 });
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')}\nexit code ${status}\n${stdout}${stderr}`);
}

/** What the examples of a page are tested as: the text as it is, or another that takes less time. */
export type Edit = (text: string) => string;

/** Tests that all commands and all code of a Markdown file run. */
export function testExamples(name: string, edit: Edit = (text) => text): void {
  const file = path.join(root, name);
  const folder = userFolder();

  test('every command runs, in order', () => {
    const commands = codeBlocks(file, 'sh').flatMap(commandsOf);
    const own = commands.filter((command) => !setUp.includes(command));
    for (const command of own) {
      expect(command).toMatch(/^circuit-tracer /);
      const script = edit(command).replace('circuit-tracer', '"$0" "$1"');
      run('sh', ['-c', script, process.execPath, cliScript], folder);
    }
    expect(own.length).toBeGreaterThan(0);
  });

  test('all code runs, as one program', () => {
    const source = edit(codeBlocks(file, 'ts').join('\n'));
    const { code } = transformSync(source, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } });
    writeFileSync(path.join(folder, 'example.mjs'), code);
    run(process.execPath, ['example.mjs'], folder);
  });

  test('no block escapes the tests', () => {
    const languages = [...readFileSync(file, 'utf8').matchAll(/^```(.*)$/gm)].map(([, language]) => language);
    // Every second fence ends a block.
    const opening = languages.filter((_, i) => i % 2 === 0);
    expect(opening.filter((language) => !['sh', 'ts', 'text'].includes(language as string))).toEqual([]);
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option as Flag } from 'commander';
import { makeProgram } from '../../../lib/cli/main';
import type { Option, OptionTable } from '../../../lib/options';
import { resolveOptions } from '../../../lib/options';

// House, section 1.3: one option was written in ten places. Now in its table, which the rest follows from.

const root = path.join(__dirname, '..', '..', '..');
const script = require('../../../scripts/docs/option-tables');
const load = (module: string) => require(path.join(root, 'lib', module));
const operations: string[] = Object.keys(script.operations);
const tables = operations.map((operation) => [operation, script.tableOf(operation, load) as OptionTable] as const);

test('the tables of the docs are those of the code: node scripts/docs/option-tables.js writes them', () => {
  const texts = script.pages().map((page: string) => [page, readFileSync(page, 'utf8')]);
  const written = texts.map(([page, text]: [string, string]) => [page, script.withTables(text, load)]);
  expect(texts).toEqual(written);
  const all = texts.map(([, text]: [string, string]) => text).join('\n');
  expect(operations.filter((operation) => !all.includes(`<!-- options: ${operation} -->`))).toEqual([]);
  // Where the command line differs from the library, a page says why.
  for (const [, table] of tables) {
    for (const { flagDefault } of Object.values(table)) if (flagDefault) expect(all).toContain(flagDefault.why);
  }
});

test.each(tables)('defaults of %s are of their kind, and what the doc comments say', (operation, table) => {
  for (const [name, { kind, default: value, flagDefault, required }] of Object.entries(table)) {
    const { said } = script.partsOf(script.docOf(operation, name));
    if (value === undefined)
      expect([name, required, typeof said]).toEqual([name, required, required ? 'undefined' : typeof said]);
    else if (!Array.isArray(value))
      expect([name, said]).toEqual([name, typeof value === 'string' ? `\`${value}\`` : String(value)]);
    if (value !== undefined) expect(kind.check(value, name)).toEqual(value);
    if (flagDefault !== undefined) expect(kind.check(flagDefault.value, name)).toEqual(flagDefault.value);
  }
});

test.each(tables)('the declarations of %s keep the doc comments', (operation, table) => {
  const [module, , ...others] = script.operations[operation];
  const texts = [module, ...others, 'call-options'].map((name) =>
    readFileSync(path.join(root, 'dist', `${name}.d.ts`), 'utf8'),
  );
  for (const name of Object.keys(table)) {
    expect([name, texts.some((text) => new RegExp(`\\*/\\n {4}readonly ${name}: \\{`).test(text))]).toEqual([
      name,
      true,
    ]);
  }
});

/** Commands that have the flags of an operation, and those that have some of them. */
const commandsOf: Readonly<Record<string, readonly string[]>> = {
  load: ['attribute', 'verify', 'intervene', 'generate', 'harvest', 'start-server', 'demo'],
  attribute: ['attribute'],
  intervene: ['intervene'],
  generate: ['generate'],
  harvest: ['harvest'],
  serve: ['start-server'],
  verify: ['verify'],
  memory: ['info'],
};
/** Of `intervene` and `generate`: what only one of them has. */
const elsewhere = new Set(['generate --constrained-layers']);

const pairs = tables.flatMap(([operation, table]) =>
  (commandsOf[operation] ?? []).map((name) => [name, operation, table] as const),
);

test.each(pairs)('%s --help shows flags, help and defaults of the table of %s', (name, _, table) => {
  const [command] = makeProgram([name]).commands as [Command];
  const help = command.helpInformation().replace(/\s+/g, ' ');
  for (const option of Object.values(table)) {
    if (option.flag === undefined) continue;
    const { long } = new Flag(option.flag);
    if (elsewhere.has(`${name} ${long}`)) continue;
    expect(help).toContain(`${option.flag} ${option.help}${defaultShown(option)}`);
  }
});

function defaultShown({ flag = '', default: value, flagDefault, shown }: Option): string {
  const taken = flagDefault ? flagDefault.value : value;
  if (!flag.includes('<') || (typeof taken !== 'number' && typeof taken !== 'string')) return '';
  return ` (default: ${shown ?? JSON.stringify(taken)})`;
}

const sources = readdirSync(path.join(root, 'lib'), { recursive: true })
  .map(String)
  .filter((file) => /\.tsx?$/.test(file))
  .map(
    (file) =>
      [file, readFileSync(path.join(root, 'lib', file), 'utf8').replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')] as const,
  );

/** Where a name is in a table, declared in a type, or given a default. */
function definitionsOf(name: string): string[] {
  const patterns: readonly [string, RegExp][] = [
    ['table', new RegExp(`^  ${name}: \\{(?= kind|$)`, 'gm')],
    [
      'type',
      new RegExp(
        `\\breadonly ${name}\\??:|\\b${name}\\?:|^\\s+${name}: [\\w'| ]+;$|[{;] ${name}: (?!true|false)[\\w'| ]+[;}]`,
        'gm',
      ),
    ],
    ['default', new RegExp(`[{,]\\s*${name} = (?!model)|\\.${name} \\?\\? `, 'gm')],
  ];
  return sources.flatMap(([file, text]) =>
    patterns.flatMap(([kind, pattern]) => Array.from(text.matchAll(pattern), () => `${kind} ${file}`)),
  );
}

/** Names of several words mean nothing else; a word like `window` does. */
const names = [...new Set(tables.flatMap(([, table]) => Object.keys(table)))].filter(
  // Every call passes the listener on.
  (name) => /[A-Z]/.test(name) && name !== 'onProgress',
);

/** What goes by the name of an option and is none, or is what native or a later step gets in its place. */
const notOptions: Readonly<Record<string, readonly string[]>> = {
  cacheDir: ['hub/cache-layout.ts', 'hub/settings.ts'], // with the environment looked into
  constrainedLayers: ['engine/binding.ts'], // a list of layers
  dataDir: ['server/app.ts', 'cli/options/server-options.ts'], // a folder that is there
  featuresDir: ['server/app.ts'], // a folder that is there
  hookNames: ['engine/binding.ts'],
  maxNewTokens: ['server/api.ts', 'server/steering/steer-request.ts'], // what the page asks for: 0 is possible
  rawLogits: ['engine/binding.ts', 'intervention/results.ts'], // results
  stopIds: ['intervention/options.ts', 'model/tokenizer.ts'], // a tokenizer's
};

test.each(names)('%s is defined once', (name) => {
  const isOption = (place: string) => !notOptions[name]?.includes(place.replace(/^(?:type|default) /, ''));
  expect(definitionsOf(name).filter(isOption)).toEqual([expect.stringMatching(/^table /)]);
});

/** Members of the structs of native/core by name, with the header that declares each. */
function membersOf(name: string): string[] {
  const core = path.join(root, 'native', 'core');
  const headers = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.h'));
  const member = new RegExp(`^  (?:bool|double|std::optional<int64_t>|int64_t) ${name};`, 'gm');
  return headers.flatMap((file) =>
    Array.from(readFileSync(path.join(core, file), 'utf8').matchAll(member), () => file.split(path.sep).join('/')),
  );
}

// What native code is told of an option, it is told by the field of one struct.
test.each([
  ['batchSize', 'attribution/attribute_options.h'],
  ['maxFeatureNodes', 'attribution/attribute_options.h'],
  ['maxNLogits', 'attribution/attribute_options.h'],
  ['desiredLogitProb', 'attribution/attribute_options.h'],
  ['lazyEncoder', 'transcoder/transcoder_set.h'],
  ['lazyDecoder', 'transcoder/transcoder_set.h'],
  ['freezeAttention', 'intervention/edits.h'],
])('%s is defined once in C++', (name, header) => {
  expect(membersOf(name)).toEqual([header]);
});

test('an unknown name is refused with the nearest known one', () => {
  for (const [operation, table] of tables) {
    const [name = ''] = Object.keys(table).filter((known) => known.length > 5);
    expect([operation, () => resolveOptions(table, { [`${name}s`]: 1 } as object)]).toEqual([
      operation,
      expect.any(Function),
    ]);
    expect(() => resolveOptions(table, { [`${name}s`]: 1 } as object)).toThrow(`Did you mean '${name}'?`);
  }
});

#!/usr/bin/env node
/**
 * Writes the tables of options into the docs, after a build: `node scripts/docs/option-tables.js`. They stand between
 * `<!-- options: attribute -->` (the library's names) or `<!-- flags: attribute -->` (the command line's) and `<!-- end -->`, on
 * any page.
 */
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');

/** Operations: the module and the name of their table, and further modules that parts of it come from. */
const operations = {
  load: ['engine/load-options', 'loadOptions', 'engine/settings', 'hub/settings'],
  attribute: ['attribution/options', 'attributeOptions', 'engine/settings'],
  intervene: ['intervention/options', 'interveneOptions', 'engine/settings'],
  generate: ['intervention/options', 'generateOptions', 'engine/settings'],
  harvest: ['harvest/options', 'harvestOptions'],
  serve: ['server/options', 'serveOptions'],
  verify: ['verify/verify', 'verifyOptions'],
  memory: ['memory/options', 'memoryOptions', 'engine/load-options', 'engine/settings'],
};

/** Said once for all calls. */
const unlisted = ['signal', 'onProgress'];

/** @param load reads a module of the library: `attribution/options` */
function tableOf(operation, load) {
  const [module, name] = operations[operation];
  return load(module)[name];
}

/** The doc comment of an option in the source of its table. */
function docOf(operation, name) {
  const [own, , ...others] = operations[operation];
  for (const module of [own, ...others, 'call-options']) {
    const source = fs.readFileSync(path.join(root, 'lib', `${module}.ts`), 'utf8');
    for (const [, comment, key] of source.matchAll(/^ {2}\/\*\*((?:(?!\*\/).)*)\*\/\n {2}(\w+): \{/gms)) {
      if (key === name)
        return comment
          .replace(/^\s*\* ?/gm, '')
          .replace(/\s+/g, ' ')
          .trim();
    }
  }
  throw new Error(`${operation}: ${name} has no doc comment`);
}

/** What a doc comment says, and the default that its last sentence names. */
function partsOf(doc) {
  const [, text, said] = /^(.*?)\s*(?:\bDefault:? (.*)\.)?$/s.exec(doc);
  return { text, said };
}

function shownValue(value) {
  return typeof value === 'string' ? `\`${value}\`` : String(value);
}

function libraryDefault({ default: value, required }, said) {
  if (required) return 'required';
  return value === undefined || Array.isArray(value) ? (said ?? '') : shownValue(value);
}

function flagDefault({ default: value, flagDefault: own, flag, helpOff, required, shown }, said) {
  if (required) return 'required';
  if (!flag.includes('<')) return helpOff === undefined ? 'off' : 'on';
  if (shown !== undefined) return shown;
  if (own !== undefined) return String(own.value);
  return value === undefined ? (said ?? '') : String(value);
}

function optionRows(operation, table) {
  return Object.entries(table)
    .filter(([name]) => !unlisted.includes(name))
    .map(([name, option]) => {
      const { text, said } = partsOf(docOf(operation, name));
      const own = option.flagDefault;
      const note = own ? ` The command line takes ${shownValue(own.value)}, ${own.why}.` : '';
      return [`\`${name}\``, libraryDefault(option, said), text + note];
    });
}

function flagRows(operation, table) {
  return Object.entries(table)
    .filter(([, { flag }]) => flag !== undefined)
    .map(([name, option]) => {
      const { said } = partsOf(docOf(operation, name));
      const { flag, help, helpOff, flagDefault: own } = option;
      const off = helpOff === undefined ? '' : `, \`--no-${flag.slice(2)}\``;
      const notes = [
        help.replace(/ \(default: .*\)$/, ''),
        helpOff,
        own && `${own.why}; the default in the library is ${option.default}`,
      ];
      return [`\`${flag}\`${off}`, flagDefault(option, said), notes.filter((note) => note).join('; ')];
    });
}

const rowsOf = {
  options: { title: 'option', rows: optionRows },
  flags: { title: 'flag', rows: flagRows },
};

/** A table in Markdown. */
function tableText(kind, operation, load) {
  const { title, rows } = rowsOf[kind];
  const lines = rows(operation, tableOf(operation, load)).map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return [`| ${title} | default | |`, '|---|---|---|', ...lines].join('\n');
}

/** A page with its tables written anew. */
function withTables(page, load) {
  return page.replace(
    /(<!-- (options|flags): (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, start, kind, operation, end) => `${start}\n${tableText(kind, operation, load)}\n\n${end}`,
  );
}

/** All pages of the docs. */
function pages() {
  const files = fs.readdirSync(path.join(root, 'docs'), { recursive: true });
  return files.filter((file) => file.endsWith('.md')).map((file) => path.join(root, 'docs', file));
}

module.exports = { docOf, operations, pages, partsOf, tableOf, withTables };

if (require.main === module) {
  const load = (module) => require(path.join(root, 'dist', module));
  for (const page of pages()) {
    const before = fs.readFileSync(page, 'utf8');
    const after = withTables(before, load);
    if (after !== before) fs.writeFileSync(page, after);
  }
}

/**
 * Defines which folders of lib/ may import which. A folder may import its own files, those of lower floors and the
 * files at the top of lib/. Cycles are not allowed. Biome's rules noRestrictedImports and noImportCycles check this.
 * The first needs the forbidden folders of every folder, which are derived here from a list that is easy to maintain.
 *
 *   node scripts/import-floors.js   exits with 1 and lists the imports that point upwards
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** From the bottom up. Folders on the same floor do not import each other. */
const floors = [
  ['io', 'jinja'],
  ['graph-file', 'hub', 'libtorch', 'tokenizer'],
  ['engine', 'features'],
  ['model', 'fingerprint'],
  ['graph', 'transcoder', 'intervention'],
  ['attribution'],
  ['replacement-model'],
  ['verify', 'harvest', 'memory', 'server'],
  ['inspect'],
  ['cli'],
];

/**
 * The page is a separate program. From the rest of lib/ it imports only graph-file and the types of the server's API.
 */
const pageFloors = [['core'], ['data', 'draw'], ['state'], ['panes']];

/** A rule for files, with the patterns of forbidden import specifiers. */
function forbid(includes, group, message) {
  const noRestrictedImports = { level: 'error', options: { patterns: [{ group, message }] } };
  return { includes, linter: { rules: { style: { noRestrictedImports } } } };
}

function rulesOfFloors(folder, list) {
  return list.flatMap((floor, level) =>
    floor.map((name) => {
      const others = floor.filter((other) => other !== name);
      const above = [...others, ...list.slice(level + 1).flat()];
      const message = `lib/${folder}${name} must not import from its own floor or a higher one. See scripts/import-floors.js.`;
      return { name, above, message };
    }),
  );
}

const inFolder = (name) => `**/${name}/**`;
const addonPattern = '**/libtorch/load-addon';
const addonMessage = 'Only lib/engine may use the addon.';

/**
 * What the page must not import. The page has a folder core/graph of its own, so lib/graph is forbidden by the relative
 * paths that lead to it.
 */
const outsidePage = [
  ...floors
    .flat()
    .filter((folder) => !['graph', 'graph-file', 'server'].includes(folder))
    .map(inFolder),
  ...['../..', '../../..'].map((up) => `${up}/graph/**`),
  '**/server/**',
  '!**/server/api',
];
const pageMessage = 'Of the rest, the page imports lib/graph-file and the types of lib/server/api.ts.';

/** @returns overrides of Biome's configuration */
function rules() {
  const page = pageFloors.flat();
  return [
    ...rulesOfFloors('', floors).map(({ name, above, message }) => {
      const addon = name === 'engine' || name === 'libtorch' ? [] : [addonPattern];
      return forbid(
        [`lib/${name}/**`],
        [...above.map(inFolder), '**/frontend/**', ...addon],
        `${message} ${addonMessage}`,
      );
    }),
    ...rulesOfFloors('frontend/', pageFloors).map(({ name, above, message }) =>
      forbid([`lib/frontend/${name}/**`], [...above.map(inFolder), ...outsidePage], `${message} ${pageMessage}`),
    ),
    forbid(['lib/frontend/*.ts', 'lib/frontend/*.tsx'], [...outsidePage, '../graph/**'], pageMessage),
    forbid(
      ['lib/*.ts', '!lib/index.ts', '!lib/types.ts', '!lib/bundled.ts'],
      [...floors.flat(), ...page].map((name) => `./${name}/**`),
      'Files at the top of lib/ must not import from its folders.',
    ),
  ];
}

/** Checks `root`, a repository or a copy of its lib/. @returns the exit status */
function checkImports(root = path.join(__dirname, '..')) {
  const config = {
    root: true,
    files: { includes: ['lib/**', '!lib/demo'] },
    linter: {
      rules: { preset: 'none', suspicious: { noImportCycles: { level: 'error', options: { ignoreTypes: false } } } },
    },
    overrides: rules(),
  };
  const file = path.join(root, '.biome-imports.json');
  fs.writeFileSync(file, JSON.stringify(config));
  try {
    const manifest = require.resolve('@biomejs/biome/package.json');
    const biome = path.join(path.dirname(manifest), require(manifest).bin.biome);
    const args = [biome, 'lint', `--config-path=${file}`, '--max-diagnostics=none', '--diagnostic-level=error', 'lib'];
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
    return status ?? 1;
  } finally {
    fs.rmSync(file, { force: true });
  }
}

module.exports = { floors, checkImports };

if (require.main === module) process.exit(checkImports(process.argv[2]));

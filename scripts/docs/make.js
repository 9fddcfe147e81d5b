#!/usr/bin/env node
/**
 * Writes the reference of the library into api-docs/, from the comments in lib/: `npm run docs`. A warning of TypeDoc is a
 * failure.
 *
 * TypeDoc reads sources through the JavaScript API of TypeScript, which ends with version 6; the package is compiled with
 * version 7. Two versions can't stand side by side in one package.json, because TypeDoc looks for a package named
 * `typescript` beside itself. So this folder is an npm workspace with a package.json of its own.
 */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const typedoc = path.join(path.dirname(require.resolve('typedoc/package.json')), 'bin', 'typedoc');
const args = [typedoc, '--options', path.join(__dirname, 'typedoc.json'), ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: __dirname, stdio: 'inherit' });
process.exitCode = status ?? 1;

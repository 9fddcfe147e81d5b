#!/usr/bin/env node
/** Runs `circuit-tracer demo` with the bundled model. `npm run demo` builds first and then runs this script. */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');
const args = [path.join(root, 'dist', 'cli', 'main.js'), 'demo', ...process.argv.slice(2)];
const { status, signal, error } = spawnSync(process.execPath, args, { stdio: 'inherit' });
if (error) console.error(`error: ${error.message}`);
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);

#!/usr/bin/env node
/**
 * The main job on a tiny bundled model: from a prompt to its attribution graph, in ./demo-output.
 *
 * Run by `npm run demo`, which builds first.
 */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');
const bundled = path.join(root, 'test', 'parity');
const output = path.join(root, 'demo-output');

const args = [
  path.join(root, 'dist', 'cli', 'main.js'),
  'attribute',
  ...['--model', path.join(bundled, 'models', 'gemma2')],
  ...['--transcoder-set', path.join(bundled, 'transcoders', 'gemma2-clt-relu')],
  ...['--prompt', 'My sister keeps the letters'],
  ...['--slug', 'demo', '--graph-file-dir', output],
  ...['--graph-output-path', path.join(output, 'demo.safetensors')],
];

console.log('A model of four layers with random weights: the numbers are right, but mean nothing.\n');
const { status, signal, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
if (error) console.error(`error: ${error.message}`);
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);

#!/usr/bin/env node
/** Builds prebuilds/<platform>-<arch>/ for this platform, for the published package. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const { pinnedVersion } = require('../dist/libtorch/folder.js');
const preload = path.join('preload', 'circuit_tracer_preload.node');
const built = path.join(root, 'build', 'Release');

const prebuildify = require.resolve('prebuildify/bin.js');
const result = spawnSync(process.execPath, [prebuildify, '--napi', '--strip'], { cwd: root, stdio: 'inherit' });
if (result.status !== 0) process.exit(result.status ?? 1);

// An addon only loads with the LibTorch that it was built with, and users have the pinned version.
const { libtorchVersion } = JSON.parse(fs.readFileSync(path.join(built, 'circuit_tracer.json'), 'utf8'));
if (libtorchVersion !== pinnedVersion) {
  console.error(`Prebuilt addons must use LibTorch ${pinnedVersion}; found ${libtorchVersion} in this build.`);
  process.exit(1);
}
const target = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`, preload);
fs.mkdirSync(path.dirname(target), { recursive: true });
fs.copyFileSync(path.join(built, preload), target);
console.log(`Made ${path.relative(root, path.dirname(path.dirname(target)))}`);

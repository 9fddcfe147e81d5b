#!/usr/bin/env node
/** Writes docs/guide/model-configs.md from the families' tables, after a build: `node scripts/config-check/make-docs.js`. */
const fs = require('node:fs');
const path = require('node:path');
const { docsPage } = require('./docs-page');
const root = path.join(__dirname, '..', '..');
const { families } = require(path.join(root, 'dist', 'model', 'families'));
const { commonKeys } = require(path.join(root, 'dist', 'model', 'families', 'config-keys'));
const results = require('./results.json');

fs.writeFileSync(path.join(root, 'docs', 'guide', 'model-configs.md'), docsPage(families, commonKeys, results));

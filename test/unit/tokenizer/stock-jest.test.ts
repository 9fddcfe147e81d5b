// Field faults, section 4: a user's plain jest, which has no dynamic imports, loads the built package's tokenizer.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { modelDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

const root = path.join(__dirname, '..', '..', '..');

test('a project with the default jest tokenises text and renders a conversation', async () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'tests'));
  const env = { ...process.env, NODE_OPTIONS: '' };
  writeFileSync(path.join(folder, 'package.json'), '{"name": "user", "jest": {"transform": {}}}');
  writeFileSync(
    path.join(folder, 'tests', 'tokens.test.js'),
    `const { Tokenizer } = require(${JSON.stringify(path.join(root, 'dist'))});
    test('text survives encoding and decoding', async () => {
      const tokenizer = await Tokenizer.load(${JSON.stringify(modelDir('llama'))});
      expect(tokenizer.decode(tokenizer.encode('She counted'))).toBe('She counted');
      expect((await tokenizer.encodeAsync('She '.repeat(3000))).length).toBeGreaterThan(3000);
    });`,
  );
  const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const { stderr } = await promisify(execFile)(process.execPath, [jest, '--rootDir', folder], { cwd: folder, env });
  expect(stderr).toMatch(/1 passed/);
});

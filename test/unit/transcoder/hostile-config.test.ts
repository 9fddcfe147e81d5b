import { writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { readTranscoderConfig } from '../../../lib/transcoder/config';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

const required = 'model_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out\n';

function folderWith(text: string): string {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'config.yaml'), text);
  return folder;
}

// Field faults, section 6, M1.
test.each([
  ['larger than any list of files', ' '.repeat(2 ** 20 + 1), /at most 1048576 bytes/],
  ['of brackets', `${required}scan: ${'['.repeat(20_000)}`, /YAML/],
  ['of lists in lists', `${required}scan: ${'['.repeat(5000)}${']'.repeat(5000)}`, /YAML|scan/],
])('config.yaml %s', async (_, text, message) => {
  await expectRejection(readTranscoderConfig(folderWith(text)), 'ERR_FILE_FORMAT', message);
});

// Field faults, section 6, L1: a folder that may not be listed gave Node's own error.
test('a folder that may not be listed', async () => {
  const folder = folderWith(required);
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'scandir' });
  const listing = jest.spyOn(fs, 'readdir').mockRejectedValueOnce(denied);
  await expectRejection(planTranscoders(folder), 'ERR_FILE_READ', /cannot be read \(EACCES/);
  listing.mockRestore();
});

test('a config.yaml that may not be looked at is not taken for a missing one', async () => {
  const folder = folderWith(required);
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'stat' });
  const looking = jest.spyOn(fs, 'stat').mockRejectedValueOnce(denied);
  await expectRejection(readTranscoderConfig(folder), 'ERR_FILE_READ', /config.yaml: cannot be read/);
  looking.mockRestore();
});

import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import { PackedFeatures } from '../../../lib/features/packed-features';
import { expectRejection } from '../../support/expect-rejection';
import { describeIf } from '../../support/needs';
import { temporaryFolder } from '../../support/temporary-folder';

const features = path.join(__dirname, '..', '..', '..', 'lib', 'demo', 'transcoders', 'features');

function pipe(file: string): string {
  rmSync(file, { force: true });
  execFileSync('mkfifo', [file]);
  return file;
}

// Opening a pipe waits for its writer, and there is none. Windows has no such files.
describeIf('mkfifo')('named pipes', () => {
  test.each(['graph.pt', 'graph.safetensors'])('a pipe named %s is no graph', async (name) => {
    await expectRejection(Graph.load(pipe(path.join(temporaryFolder(), name))), 'ERR_FILE_READ', /expected a file/);
  });

  test('a pipe in place of the index of features', async () => {
    const folder = temporaryFolder();
    pipe(path.join(folder, 'index.json.gz'));
    await expectRejection(PackedFeatures.open(folder), 'ERR_FILE_READ', /index\.json\.gz: expected a file/);
  });

  test('a pipe in place of the examples of features', async () => {
    const folder = temporaryFolder();
    cpSync(features, folder, { recursive: true });
    pipe(path.join(folder, 'layer_0.bin'));
    await using packed = await PackedFeatures.open(folder);
    await expectRejection(packed.read(0, 0), 'ERR_FILE_READ', /layer_0\.bin: expected a file/);
  });
});

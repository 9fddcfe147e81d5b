import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOutputs, resolveGraphFiles } from '../../../lib/cli/options/outputs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outputs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const graph = (graphPath: string) => checkOutputs({ graphPath, graphFiles: undefined });

test('leaves nothing behind, but makes the folder of graph files', async () => {
  const directory = join(folder, 'a', 'b');
  await checkOutputs({ graphPath: join(folder, 'g.safetensors'), graphFiles: { slug: 's', directory } });
  expect(readdirSync(folder)).toEqual(['a']);
  expect(readdirSync(directory)).toEqual([]);
});

test('the graph may go to the folder made for graph files', async () => {
  const directory = join(folder, 'new');
  await checkOutputs({ graphPath: join(directory, 'g.safetensors'), graphFiles: { slug: 's', directory } });
});

test('only .safetensors and .pt', async () => {
  await expect(graph(join(folder, 'g.txt'))).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(/safetensors or \.pt; found.*g\.txt/),
  });
});

test('a folder that is missing, a file, or in the way', async () => {
  writeFileSync(join(folder, 'file'), '');
  const refusal = (message: RegExp) => ({ code: 'ERR_FILE_WRITE', message: expect.stringMatching(message) });
  await expect(graph(join(folder, 'no', 'g.safetensors'))).rejects.toMatchObject(
    refusal(/no: the folder does not exist/),
  );
  await expect(graph(join(folder, 'file', 'g.safetensors'))).rejects.toMatchObject(refusal(/file/));
  await checkOutputs({ graphPath: undefined, graphFiles: { slug: 's', directory: join(folder, 'd.safetensors') } });
  await expect(graph(join(folder, 'd.safetensors'))).rejects.toMatchObject(refusal(/it is a folder/));
  const graphFiles = { slug: 's', directory: join(folder, 'file') };
  await expect(checkOutputs({ graphPath: undefined, graphFiles })).rejects.toMatchObject(refusal(/cannot be created/));
  expect(existsSync(join(folder, 'no'))).toBe(false);
});

test('graph files require both a slug and a folder', () => {
  const warn = jest.fn();
  expect(resolveGraphFiles('s', '/x', warn)).toEqual({ slug: 's', directory: '/x' });
  expect(resolveGraphFiles(undefined, undefined, warn)).toBeUndefined();
  expect(warn).not.toHaveBeenCalled();
  expect(resolveGraphFiles('s', undefined, warn)).toBeUndefined();
  expect(warn).toHaveBeenLastCalledWith(expect.stringMatching(/--slug was given without --graph-file-dir/));
  expect(resolveGraphFiles(undefined, '/x', warn)).toBeUndefined();
  expect(warn).toHaveBeenLastCalledWith(expect.stringMatching(/--graph-file-dir was given without --slug/));
  expect(() => resolveGraphFiles('a/b', '/x', warn)).toThrow(/slug/);
});

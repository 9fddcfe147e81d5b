import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Graph, ReplacementModel, readLabels, writeGraphFiles } from '../../../lib';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

const folder = temporaryFolder();
cpSync(transcoderDir('llama-plt-relu-skip'), folder, { recursive: true });
const labels = { '0:94': 'salt & "water"', '3:1': 'never active' };
writeFileSync(path.join(folder, 'labels.json'), JSON.stringify({ labels }));

test("labels of a transcoder folder go with the graph into its files and the reader's texts", async () => {
  await using model = await ReplacementModel.load(modelDir('llama'), folder);
  const graph = await model.attribute('She counted 12 baskets of salt');
  expect(graph.featureLabels).toEqual({ '0:94': 'salt & "water"' });
  const texts = (of: Graph) => Array.from({ length: of.nSelected }, (_, i) => of.label(of.node(i)));
  expect(texts(graph)).toContain('L0 #94 salt & \\"water\\" @11 " salt"');

  const out = temporaryFolder();
  await graph.save(path.join(out, 'g.safetensors'));
  expect(texts(await Graph.load(path.join(out, 'g.safetensors')))).toEqual(texts(graph));
  const { graphFile } = await writeGraphFiles(graph, { slug: 'salt', directory: out });
  const { nodes } = JSON.parse(readFileSync(graphFile, 'utf8'));
  const named = nodes.filter((node: { clerp: string }) => node.clerp === labels['0:94']);
  expect(named.length).toBeGreaterThan(0);
});

test.each([
  ['no object', '[]', /object/],
  ['a bad key', '{"labels": {"x": "y"}}', /LAYER:FEATURE/],
  ['a label that is no text', '{"labels": {"0:1": 5}}', /0:1/],
])('a labels file with %s is refused', async (_, text, message) => {
  const dir = temporaryFolder();
  writeFileSync(path.join(dir, 'labels.json'), text);
  await expect(readLabels(dir)).rejects.toMatchObject({
    code: 'ERR_FILE_FORMAT',
    message: expect.stringMatching(message),
  });
});

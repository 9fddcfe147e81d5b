const fs = require('node:fs');
const path = require('node:path');
const { ReplacementModel, writeGraphFiles } = require('../../../../dist');
const { serve } = require('../../../../dist/server');

/** Steers a model through a server, cuts a file of its transcoders, steers twice more, and asks for the status. */
const [transcoders, dataDir] = process.argv.slice(2);
const demo = path.join(__dirname, '..', '..', '..', '..', 'lib', 'demo');

(async () => {
  const model = await ReplacementModel.load(path.join(demo, 'model'), transcoders);
  const graph = await model.attribute([2, 300, 301, 302], { maxFeatureNodes: 16 });
  await writeGraphFiles(graph, { slug: 'cut', directory: dataDir });
  const { nodes } = JSON.parse(fs.readFileSync(path.join(dataDir, 'cut.json'), 'utf8'));
  const { node_id: node } = nodes.find(({ feature_type: type }) => type === 'cross layer transcoder');
  const server = await serve({ dataDir, model, port: 0 });
  const steer = async () => {
    const body = JSON.stringify({ slug: 'cut', edits: [{ nodes: [node], factor: 0 }], maxNewTokens: 1 });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(new URL('api/steer', server.url), { method: 'POST', headers, body });
    const { error } = await answer.json();
    process.stdout.write(`${[answer.status, error?.code].filter(Boolean).join(' ')}\n`);
  };
  await steer();
  fs.truncateSync(path.join(transcoders, 'layer_3.safetensors'), 4096);
  await steer();
  await steer();
  process.stdout.write(`${(await fetch(new URL('api/status', server.url))).status}\n`);
  await server.close();
  await model.dispose();
})();

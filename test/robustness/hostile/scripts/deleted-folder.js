const fs = require('node:fs');
const path = require('node:path');
const { ReplacementModel } = require('../../../../dist');

/** A model is loaded and run where the current folder is deleted: before that (`first`), or after it. Ends with a relative path. */
const [when, folder] = process.argv.slice(2);

function enterDeletedFolder() {
  fs.mkdirSync(folder);
  process.chdir(folder);
  fs.rmdirSync(folder);
}

(async () => {
  const outcomes = [];
  const attempt = (work) =>
    work().then(
      (outcome) => outcomes.push(outcome),
      (error) => outcomes.push(error.code ?? String(error)),
    );
  if (when === 'first') {
    enterDeletedFolder();
    await attempt(() => ReplacementModel.load('demo'));
    process.chdir(path.dirname(folder));
  }
  const model = await ReplacementModel.load('demo');
  const run = () => model.attribute([2, 300, 301], { maxFeatureNodes: 4 });
  if (when === 'later') {
    await attempt(async () => (await run()).nSelected);
  }
  enterDeletedFolder();
  await attempt(async () => (await run()).nSelected);
  await attempt(async () => (await run()).save('g.safetensors'));
  process.stdout.write(outcomes.join(' '));
  await model.dispose();
})();

const fs = require('node:fs');
const path = require('node:path');
const { ReplacementModel } = require('../../../dist');

/** Attribution where the current folder is deleted: before the first call, or after it. */
const [when, folder] = process.argv.slice(2);
const run = (model) => model.attribute([2, 300, 301], { maxFeatureNodes: 4 });

(async () => {
  const model = await ReplacementModel.load('demo');
  const outcomes = [];
  if (when === 'later') outcomes.push((await run(model)).nSelected);
  fs.mkdirSync(folder);
  process.chdir(folder);
  fs.rmdirSync(folder);
  const attempts = [() => run(model), () => run(model)];
  // A relative path, a folder that is made, a file that is read.
  attempts.push(async () => (await run(model)).save('g.safetensors'));
  for (const attempt of attempts) {
    outcomes.push(
      await attempt().then(
        ({ nSelected }) => nSelected,
        (error) => error.code ?? String(error),
      ),
    );
  }
  process.chdir(path.dirname(folder));
  outcomes.push((await run(model)).nSelected);
  process.stdout.write(outcomes.join(' '));
  await model.dispose();
})();

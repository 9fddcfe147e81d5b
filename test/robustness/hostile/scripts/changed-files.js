const fs = require('node:fs');
const path = require('node:path');
const { ReplacementModel } = require('../../../../dist');

/**
 * Changes one file after the other under a loaded model, and prints what the next call does: `same` or `other` edges, or
 * the code of its error. Takes the folder to work in, a set of transcoders of lib/demo, options of `load`, and files.
 */
const [folder, set, options, ...files] = process.argv.slice(2);
const demo = path.join(__dirname, '..', '..', '..', '..', 'lib', 'demo');
const prompt = [2, 300, 301, 302];
const attribution = { maxFeatureNodes: 16, maxNLogits: 2 };

const changes = {
  cut: (file) => fs.truncateSync(file, 4096),
  // Other numbers in the last third, the size as before.
  rewritten: (file) => {
    const { size } = fs.statSync(file);
    const handle = fs.openSync(file, 'r+');
    const third = Math.floor(size / 6) * 2;
    const numbers = Buffer.alloc(third);
    fs.readSync(handle, numbers, 0, third, size - third);
    numbers.swap16();
    for (let i = 1; i < third; i += 2) numbers[i] &= 0x3f;
    fs.writeSync(handle, numbers, 0, third, size - third);
    fs.closeSync(handle);
  },
  // A shorter file takes its name.
  renamed: (file) => {
    fs.writeFileSync(`${file}.new`, 'x');
    fs.renameSync(`${file}.new`, file);
  },
  deleted: (file) => fs.unlinkSync(file),
};

async function outcome(change, name) {
  const work = fs.mkdtempSync(path.join(folder, 'case-'));
  for (const part of ['model', set]) fs.cpSync(path.join(demo, part), path.join(work, part), { recursive: true });
  const [model, transcoders] = [path.join(work, 'model'), path.join(work, set)];
  const loaded = await ReplacementModel.load(model, transcoders, { device: 'cpu', threads: 1, ...JSON.parse(options) });
  try {
    const before = await loaded.attribute(prompt, attribution);
    change(path.join(name === 'model.safetensors' ? model : transcoders, name));
    const after = await loaded.attribute(prompt, attribution);
    return Buffer.from(after.edges.buffer).equals(Buffer.from(before.edges.buffer)) ? 'same' : 'other';
  } catch (error) {
    return error.code ?? String(error);
  } finally {
    await loaded.dispose();
    fs.rmSync(work, { recursive: true });
  }
}

(async () => {
  for (const name of files)
    for (const [word, change] of Object.entries(changes)) {
      process.stdout.write(`${name} ${word} ${await outcome(change, name)}\n`);
    }
})();

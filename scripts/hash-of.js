const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/**
 * The hash of files, including all files in folders, over their names and contents.
 *
 * @param paths relative to the repository
 * @param extra text to include in the hash
 * @param without a path to exclude
 */
function hashOf(paths, { extra = '', without } = {}) {
  const hash = createHash('sha256').update(extra);
  const visit = (file) => {
    if (without && file === path.join(root, without)) return;
    const status = fs.statSync(file, { throwIfNoEntry: false });
    if (status?.isDirectory()) {
      for (const name of fs.readdirSync(file).sort()) visit(path.join(file, name));
    } else if (status) {
      const name = path.relative(root, file).replaceAll(path.sep, '/');
      hash.update(`\0${name}\0`).update(fs.readFileSync(file));
    }
  };
  for (const name of paths) visit(path.join(root, name));
  return hash.digest('hex');
}

module.exports = { hashOf };

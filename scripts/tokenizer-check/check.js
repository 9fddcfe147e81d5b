/**
 * Compares the package's tokens and texts with those that make_cases.py has of Python's tokenizers library.
 *
 *     node scripts/tokenizer-check/check.js FOLDER [STYLE]
 */
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Tokenizer } = require('../../dist/index.js');

/** Of a list of [input, right answer], those answered otherwise. */
function wrong(cases, answer) {
  return cases.filter(([input, right]) => {
    let found = null;
    try {
      found = answer(input);
    } catch (error) {
      if (right !== null) found = String(error);
    }
    return JSON.stringify(found) !== JSON.stringify(right);
  });
}

async function check(folder) {
  const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
  const tokenizer = await Tokenizer.load(folder);
  const encoded = wrong(cases.encode, (text) => tokenizer.encode(text));
  const decoded = wrong(cases.decode, (ids) => tokenizer.decode(ids));
  for (const [text, ids] of encoded.slice(0, 3)) {
    console.log(
      '  encode',
      JSON.stringify(text),
      'python',
      JSON.stringify(ids),
      'here',
      attempt(() => tokenizer.encode(text)),
    );
  }
  for (const [ids, text] of decoded.slice(0, 3)) {
    console.log(
      '  decode',
      JSON.stringify(ids),
      'python',
      JSON.stringify(text),
      'here',
      attempt(() => tokenizer.decode(ids)),
    );
  }
  return { texts: cases.encode.length, encoded: encoded.length, lists: cases.decode.length, decoded: decoded.length };
}

function attempt(call) {
  try {
    return JSON.stringify(call());
  } catch (error) {
    return error.message;
  }
}

async function main() {
  const [root, only = ''] = process.argv.slice(2);
  let failures = 0;
  for (const name of readdirSync(root).filter((entry) => entry.includes(only))) {
    const found = await check(join(root, name));
    console.log(
      `${name}: ${found.encoded} of ${found.texts} texts differ, ${found.decoded} of ${found.lists} lists of ids`,
    );
    failures += found.encoded + found.decoded;
  }
  console.log(failures === 0 ? 'All alike.' : `${failures} differ.`);
  process.exitCode = failures === 0 ? 0 : 1;
}

main();

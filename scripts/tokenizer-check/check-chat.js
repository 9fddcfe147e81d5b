/**
 * Renders the templates of chat.py with the package and compares what comes out.
 *
 *     node scripts/tokenizer-check/check-chat.js CASES.json
 *
 * A template that Python refuses must be refused; one that Python renders may be refused by name only.
 */
const { readFileSync } = require('node:fs');
const { Template } = require('../../dist/jinja/template.js');

let wrong = 0;
let refused = 0;
const { context: shared, templates, cases } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const now = () => new Date(2026, 10, 28, 9, 5, 7);
for (const { name, template = templates[name], context = shared, want, error } of cases) {
  let found;
  try {
    found = { text: new Template(template).render(context, now) };
  } catch (failure) {
    found = { error: failure };
  }
  if (error !== undefined ? found.error : found.text === want) continue;
  if (/is not supported/.test(found.error?.message ?? '')) {
    refused++;
    console.log('refused:', name ?? template, '|', found.error.message);
    continue;
  }
  wrong++;
  console.log(
    'differs:',
    name ?? template,
    '\n  python',
    JSON.stringify(want ?? error),
    '\n  here  ',
    JSON.stringify(found.text ?? found.error.stack.slice(0, 300)),
  );
}
console.log(`${wrong} differ, ${refused} refused by name`);
process.exitCode = wrong === 0 ? 0 : 1;

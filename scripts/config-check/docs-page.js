/** The page docs/guide/model-configs.md, from the families' tables and the recorded results of compare.js. */

const introduction = `# Model configs and output heads

<!-- Written by scripts/config-check/make-docs.js. -->

This page says what each key of config.json does, by family, for the configuration classes of
transformers 4.57 and 5.18. Where the two differ, this package follows 5.18.

- **read**: its value counts as in transformers. Other spellings (\`attribute_map\`) are read too. Two
  spellings with different values are an error.
- **refused**: it would change the numbers in a way this package can't follow. Loading ends with
  \`ERR_UNSUPPORTED_MODEL\` and the key's name, unless the value is the one given.
- **none**: it never changes a number of the forward pass.
- A key that isn't listed is ignored, as the class ignores it.

Activations are gelu, gelu_python, gelu_new, gelu_fast, gelu_accurate, gelu_pytorch_tanh,
gelu_python_tanh, silu, swish and relu. Others are refused. A prompt longer than the model's maximum
is an error. The frequencies of rotation type dynamic change only beyond that length, so here it is
the same as type default.

## Output heads

| stored | \`tie_word_embeddings\` true | false, or missing if the class says false |
|---|---|---|
| the embedding alone | it is the head too | it is the head too, with a warning |
| the head alone | it is the embedding too | \`ERR_WEIGHT\` |
| both, equal | one weight in memory | two weights |
| both, different | the stored head, with a warning | the stored head |
| neither | \`ERR_WEIGHT\` | \`ERR_WEIGHT\` |

When \`tie_word_embeddings\` is true, transformers 4 ties whatever is stored. If a head is missing and
nothing says to tie, transformers draws random numbers. Warnings go to the log.
`;

const code = (key) => `\`${key}\``;

function line({ key, aliases = [], effect, unless, note = '' }) {
  const name = [key, ...aliases].map(code).join(', also ');
  return { name, effect: unless ? `refused unless ${unless}` : effect, note };
}

/** Neighbours without effect share a line when they have the same note. */
function grouped(lines) {
  const groups = [];
  for (const one of lines) {
    const last = groups.at(-1);
    if (last && last.effect === one.effect && last.note === one.note && one.effect !== 'refused') {
      last.name += `, ${one.name}`;
    } else groups.push({ ...one });
  }
  return groups;
}

function keyTable(keys) {
  const rows = grouped(keys.map(line)).map(({ name, effect, note }) => `| ${name} | ${effect} | ${note} |`);
  return ['| key | effect | |', '|---|---|---|', ...rows, ''].join('\n');
}

const columns = ['equal', 'refused by both', 'refused here', 'only here', 'newer', 'differs'];

function resultTable({ transformers, families }) {
  const rows = Object.entries(families).map(([family, { variations, largestError, ...counts }]) =>
    [family, variations, ...columns.map((column) => counts[column] ?? 0), largestError].join(' | '),
  );
  const head = ['family', 'variations', ...columns, 'largest error'];
  const rule = head.map(() => '---').join('|');
  return [
    `### transformers ${transformers}`,
    '',
    `| ${head.join(' | ')} |`,
    `|${rule}|`,
    ...rows.map((row) => `| ${row} |`),
  ];
}

function resultsSection(results) {
  return [
    '## Compared with transformers',
    '',
    '`scripts/config-check` makes small seeded models of every family, in many variations of config.json',
    'and of stored heads. It runs them with transformers and here. It compares the residual stream before',
    'and after every layer, and the logits, at 1e-5 of the largest number of each array. To repeat it, in',
    'an environment with torch, safetensors and transformers:',
    '',
    '    python scripts/config-check/make_models.py OUT && node scripts/config-check/compare.js OUT',
    '',
    '*Refused here* counts models that run in transformers and are refused here with the key named.',
    '*Only here* counts models that fail in transformers. *Newer* counts models with the numbers of',
    'transformers 5 and not those of 4, for the reason the script gives. *Differs* would count silent',
    'differences. A small part of the models is kept in `test/integration/parity/configs` and runs with the tests.',
    '',
    ...results.flatMap((result) => [...resultTable(result), '']),
    ...refusals(results),
  ].join('\n');
}

function refusals(results) {
  const families = new Map();
  for (const { family, name, message } of results.flatMap(({ refusedHere }) => refusedHere)) {
    const reason = `${name}: ${message}`;
    families.set(reason, (families.get(reason) ?? new Set()).add(family));
  }
  const lines = [...families].sort().map(([reason, names]) => `- ${reason} (${[...names].join(', ')})`);
  return ['These are refused here, though transformers runs them:', '', ...lines, ''];
}

/**
 * @param {{ title: string, keys: object[] }[]} families
 * @param {object[]} commonKeys
 * @param {object[]} results of compare.js, one for each version of transformers
 */
function docsPage(families, commonKeys, results) {
  const sections = families.map(({ title, keys }) => `## ${title}\n\n${keyTable(keys)}`);
  return [introduction, ...sections, `## All families\n\n${keyTable(commonKeys)}`, resultsSection(results)].join('\n');
}

module.exports = { docsPage };

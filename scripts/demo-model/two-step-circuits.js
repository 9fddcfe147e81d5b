#!/usr/bin/env node
/**
 * Looks for the step in between in twenty questions the model was never trained on, and swaps it.
 *
 * For each question such as "the capital of the state containing Dallas is": are features of Texas in the pruned graph, how
 * much of the graph do features explain, do effects predicted by the graph rank like those measured, and does the answer
 * become Sacramento when California's features take the place of Texas'? Features of a state are found by their examples:
 * those whose strongest tokens are its name, its cities or people born there.
 *
 * Usage: node scripts/demo-model/two-step-circuits.js [--set demo-cross-layer] [--write docs/internals/demo-model.md]
 */
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { ReplacementModel, swapFeatures, verifyGraph } = require('../../dist');
const { PackedFeatures } = require('../../dist/harvest');

const demo = path.join(__dirname, '..', '..', 'lib', 'demo');
const folders = { demo: 'transcoders', 'demo-cross-layer': 'cross-layer-transcoders' };

const questionCount = 20;
const swapsPerQuestion = 5;
/** Share of a feature's top examples that must have their peak in one state. */
const pureEnough = 0.6;

const readJson = (name) => JSON.parse(readFileSync(path.join(__dirname, name), 'utf8'));

function questions() {
  const { heldOutTwoStep } = readJson('prompts.json');
  const capitals = heldOutTwoStep.filter(
    ({ prompt, relation }) => relation === 'capital' && prompt.startsWith('Fact: the capital of the state containing'),
  );
  const states = new Set();
  // One of each state first, so that as many states as can be are asked for.
  const fresh = capitals.filter(({ via }) => !states.has(via) && states.add(via));
  return [...new Set([...fresh, ...capitals])].slice(0, questionCount);
}

/** {word: state}: its name, its cities and the people born there. */
function stateOfWord() {
  const { states, people } = readJson('world.json');
  const places = Object.entries(states).flatMap(([state, { capital, cities }]) =>
    [state, capital, ...cities].map((word) => [word, state]),
  );
  return new Map([...places, ...Object.entries(people).map(([person, { state }]) => [person, state])]);
}

/** {"layer:feature": state} of the features whose top examples peak in one state's words. */
async function featuresByState(folder) {
  const words = stateOfWord();
  const packed = await PackedFeatures.open(path.join(folder, 'features'));
  const found = new Map();
  for (const layer of packed.layers) {
    for (let feature = 0; feature < packed.count(layer); feature++) {
      const state = stateOf(await packed.read(layer, feature), words);
      if (state) found.set(`${layer}:${feature}`, state);
    }
  }
  await packed.close();
  return found;
}

function stateOf(feature, words) {
  const examples = feature?.examples_quantiles[0]?.examples ?? [];
  const counts = new Map();
  for (const { tokens, tokens_acts_list: activations } of examples) {
    const state = words.get(tokens[activations.indexOf(Math.max(...activations))].trim());
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best && best[1] >= pureEnough * examples.length ? best[0] : undefined;
}

async function explain(model, question, states) {
  const graph = await model.attribute(question.prompt);
  const pruned = await graph.prune();
  const isVia = ({ layer, feature }) => states.get(`${layer}:${feature}`) === question.via;
  const all = graph.features(isVia);
  const kept = pruned.nodes().filter((node) => node.kind === 'feature' && isVia(node)).length;
  const { replacement } = await graph.scores();
  const onAnswer = await model.attribute(question.prompt, { targets: [` ${question.answer}`] });
  const { frozen, free } = await verifyGraph(onAnswer, model, { samples: 64 });
  const answer = graph.logits[0].token.trim();
  return { ...question, said: answer, all, kept, replacement, passed: frozen.passed, correlation: free.spearman };
}

/** Does the other state's capital become the likeliest token? */
async function swapped(model, one, another) {
  const result = await model.intervene(one.prompt, swapFeatures(one.all, another.all), { returnActivations: false });
  const [top] = result.topTokens(1);
  return top.token.trim() === another.answer;
}

async function evaluate(model, set) {
  const states = await featuresByState(path.join(demo, folders[set]));
  const rows = [];
  for (const question of questions()) rows.push(await explain(model, question, states));
  for (const [i, row] of rows.entries()) {
    const others = rows.map((_, k) => rows[(i + k) % rows.length]).filter(({ via }) => via !== row.via);
    row.swaps = others.slice(0, swapsPerQuestion);
    row.swapsRight = 0;
    for (const another of row.swaps) if (await swapped(model, row, another)) row.swapsRight++;
  }
  return rows;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function table(rows) {
  const lines = [
    '| city | in between | answer | its features kept | replacement score | rank correlation | swaps that work |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ subject, via, said, answer, kept, replacement, correlation, swaps, swapsRight }) =>
        `| ${subject} | ${via} | ${said}${said === answer ? '' : ` (${answer})`} | ${kept} | ${replacement.toFixed(2)} | ${correlation.toFixed(2)} | ${swapsRight} of ${swaps.length} |`,
    ),
  ];
  const swaps = rows.reduce((sum, row) => sum + row.swaps.length, 0);
  const right = rows.reduce((sum, row) => sum + row.swapsRight, 0);
  const found = rows.filter(({ kept }) => kept > 0).length;
  lines.push(
    '',
    `- Answered right: ${rows.filter(({ said, answer }) => said === answer).length} of ${rows.length}`,
    `- State found in the pruned graph: ${found} of ${rows.length}`,
    `- Replacement score: ${mean(rows.map((row) => row.replacement)).toFixed(3)} on average`,
    `- Rank correlation of predicted and measured effects on the answer: ${mean(rows.map((row) => row.correlation)).toFixed(3)} on average`,
    `- Frozen check passed: ${rows.filter(({ passed }) => passed).length} of ${rows.length}`,
    `- Swaps that work: ${right} of ${swaps} (${Math.round((100 * right) / swaps)} %)`,
  );
  return lines.join('\n');
}

/** Put the text between the markers of this set in the document. */
function writeInto(file, set, text) {
  const [start, end] = [`<!-- two-step ${set} -->`, `<!-- end of ${set} -->`];
  const document = readFileSync(file, 'utf8');
  const [head, rest] = document.split(start);
  const [, tail] = (rest ?? '').split(end);
  if (tail === undefined) throw new Error(`${file} has no section between ${start} and ${end}`);
  writeFileSync(file, `${head}${start}\n${text}\n${end}${tail}`);
}

async function main() {
  const { values } = parseArgs({ options: { set: { type: 'string', default: 'demo' }, write: { type: 'string' } } });
  const model = await ReplacementModel.load('demo', values.set);
  const text = table(await evaluate(model, values.set));
  await model.dispose();
  console.log(text);
  if (values.write) writeInto(values.write, values.set, text);
}

main();

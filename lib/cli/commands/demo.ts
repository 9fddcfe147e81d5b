import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { type Circuit, findCircuit } from '../../graph/circuit';
import { writeGraphFiles } from '../../graph/formats/graph-files';
import type { Graph, PrunedGraph } from '../../graph/graph';
import type { FeatureNode } from '../../graph/nodes';
import { percent } from '../../intervention/render/markup';
import { swapFeatures } from '../../intervention/swap';
import type { TopTokenComparison } from '../../intervention/top-tokens';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { addMachineOptions, type ModelFlags, type ModelWork, withModel } from '../options/model-options';
import { checkOutputs } from '../options/outputs';
import { renderCircuit } from '../render/circuit';
import { renderTopTokens } from '../render/comparison';
import { Palette } from '../render/text';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

/** Two steps: Dallas is in Texas, whose capital is Austin. The other city is at the same position. */
const question = { prompt: 'Fact: the capital of the state containing Dallas is', idea: 'Texas' };
const other = { prompt: 'Fact: the capital of the state containing Oakland is', idea: 'California' };

interface DemoFlags extends ModelFlags, CommonFlags {
  out: string;
}

export function registerDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('find, draw and test a circuit of the small model that ships with the package')
    .option('--out <folder>', 'folder for the graph files', 'circuit-tracer-demo');
  addCommonOptions(addMachineOptions(command), {}).action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  await checkOutputs({
    graphPath: join(flags.out, 'dallas.safetensors'),
    graphFiles: { slug: 'dallas', directory: flags.out },
  });
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const lines = await withModel({ ...flags, model: 'demo', transcoderSet: 'demo' }, display, {
    check: () => undefined,
    work: (given) => show(given, flags.out),
  });
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function show({ model, signal }: ModelWork, folder: string): Promise<string[]> {
  const graph = await model.attribute(question.prompt, { signal });
  const pruned = await graph.prune({ signal });
  const circuit = findCircuit(pruned);
  await writeFiles(graph, pruned, circuit, folder);
  const palette = new Palette(process.stdout);
  return [
    ...(await introduction(graph, pruned)),
    ...renderCircuit(circuit, graph.tokenStrings, palette),
    '',
    ...(await proof(model, graph, palette)),
    ...farewell(folder),
  ];
}

async function introduction(graph: Graph, pruned: PrunedGraph): Promise<string[]> {
  const { replacement, completeness } = await graph.scores();
  const features = pruned.nodes().filter(({ kind }) => kind === 'feature').length;
  const [answer] = graph.logits;
  return [
    `Prompt   ${question.prompt}`,
    `Answer   ${answer?.token.trim()} (${percent(answer?.weight ?? 0)})`,
    `Graph    ${graph.nActive} active features, ${features} of them kept with ${pruned.nEdges} edges`,
    `Scores   replacement ${replacement.toFixed(2)}, completeness ${completeness.toFixed(2)}`,
    '',
  ];
}

async function writeFiles(graph: Graph, pruned: PrunedGraph, circuit: Circuit, directory: string): Promise<void> {
  const ids = circuit.groups.map(({ nodes }) => nodes.map(({ id }) => id));
  const supernodes = circuit.groups.flatMap(({ label, kind }, i) =>
    kind === 'feature' && (ids[i] as string[]).length > 1 ? [[label, ...(ids[i] as string[])]] : [],
  );
  await writeGraphFiles(pruned, { slug: 'dallas', directory, view: { pinnedIds: ids.flat(), supernodes } });
  await graph.save(join(directory, 'dallas.safetensors'));
}

/** Replace Texas by California and print the model's answer. */
async function proof(model: ReplacementModel, graph: Graph, palette: Palette): Promise<string[]> {
  const elsewhere = await model.attribute(other.prompt);
  const edits = swapFeatures(findFeatures(graph, question.idea), findFeatures(elsewhere, other.idea));
  const comparison: TopTokenComparison = {
    before: await likeliest(model, []),
    after: await likeliest(model, edits),
  };
  return [
    `Test: the features of ${question.idea} switched off, those of ${other.idea} on`,
    ...renderTopTokens(comparison, palette),
    '',
  ];
}

/** The features whose label contains the idea. */
function findFeatures(graph: Graph, idea: string): FeatureNode[] {
  return graph.features(({ label }) => label?.includes(idea));
}

async function likeliest(model: ReplacementModel, edits: ReturnType<typeof swapFeatures>) {
  return (await model.intervene(question.prompt, edits, { returnActivations: false })).topTokens(5);
}

function farewell(folder: string): string[] {
  const shown = relative('', folder) || '.';
  return [
    `Files in ${shown}: dallas.json for the page, dallas.safetensors for the whole graph`,
    '',
    'To see it in the browser and steer the model there, run:',
    `  circuit-tracer start-server --graph-file-dir ${shown} -m demo`,
    '',
    'To ask your own question, run:',
    '  circuit-tracer attribute --slug osaka \\',
    '    -p "Fact: the language of the country containing Osaka is" \\',
    `    --graph-file-dir ${shown}`,
  ];
}

import type { Command } from 'commander';
import type { PageSelection, SelectedFeature } from '../../graph-file/selection';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { readPageArgument } from '../options/page-argument';
import { cell, Palette, pageWidth, printable, wrap } from '../render/text';

export function registerSelection(program: Command): void {
  const command = program
    .command('selection')
    .description("print the groups, pinned features and labels in the URL of a graph's page, or in a graph file")
    .argument('<url or file>', 'URL of a page of this package, circuit-tracer or Neuronpedia; or a graph file');
  addCommonOptions(command, { logs: false, json: 'them' }).action(showSelection);
}

async function showSelection(page: string, { json }: CommonFlags): Promise<void> {
  const { selection } = await readPageArgument(page);
  const lines = json ? [JSON.stringify(selection, null, 2)] : render(selection, new Palette(process.stdout));
  process.stdout.write(`${lines.join('\n')}\n`);
}

const nameWidth = 26;

/** Features in the form for interventions: LAYER:POSITION:FEATURE. */
function render({ groups, pinned, others, labels }: PageSelection, palette: Palette): string[] {
  const names = ({ layer, position, feature }: SelectedFeature) => `${layer}:${position}:${feature}`;
  const sections = [
    section(
      'Groups (LAYER:POSITION:FEATURE)',
      palette,
      groups.flatMap(({ label, features }) => row(label, features.map(names))),
    ),
    section('Pinned features', palette, row('', pinned.map(names))),
    section('Other nodes', palette, row('', others)),
    section(
      'Labels (LAYER:FEATURE)',
      palette,
      Object.entries(labels).flatMap(([key, label]) => row(key, [label])),
    ),
  ].filter((lines) => lines.length > 0);
  if (sections.length === 0) return ['Nothing is pinned, grouped or labelled there.'];
  return sections.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

function section(title: string, palette: Palette, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [palette.heading(title), ...lines];
}

function row(name: string, values: readonly string[]): string[] {
  const indent = name === '' ? 2 : nameWidth;
  const lines = wrap(values.map(printable), ' ', pageWidth - indent, '');
  const lead = name === '' ? '  ' : `${cell(`  ${printable(name)}`, indent - 1)} `;
  return (name !== '' && lines.length === 0 ? [''] : lines).map((line, i) =>
    ((i === 0 ? lead : ' '.repeat(indent)) + line).trimEnd(),
  );
}

import type { Circuit, CircuitGroup } from '../../graph/circuit';
import type { GroupEdge } from '../../graph-file/group-edges';
import { visibleToken } from '../../intervention/render/markup';
import { cell, type Palette, pageWidth, printable, wrap } from './text';

const widths = { name: 34, members: 10 };

/** Render a circuit in lines of at most 80 columns, the output first: each group with the shares of its input. */
export function renderCircuit({ groups, edges }: Circuit, tokens: readonly string[], palette: Palette): string[] {
  const rows = groups.flatMap((group, i) => {
    const inputs = edges.filter(({ to }) => to === i).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    return [groupRows(group, inputs, groups, tokens)];
  });
  return [palette.heading('Circuit (share of each group’s input)'), ...rows.reverse().flat()];
}

function groupRows(
  group: CircuitGroup,
  inputs: readonly GroupEdge[],
  groups: readonly CircuitGroup[],
  tokens: readonly string[],
): string[] {
  const indent = ' '.repeat(2 + widths.name + widths.members);
  const shares = inputs.map(({ from, weight }) => `${percentage(weight)} ${shortName(groups[from] as CircuitGroup)}`);
  const head = `  ${cell(groupName(group, tokens), widths.name)}${cell(memberCount(group), widths.members)}`;
  if (shares.length === 0) return [head.trimEnd()];
  const [first = '', ...rest] = wrap(shares, ', ', pageWidth - indent.length - 2, '');
  return [`${head}← ${first}`, ...rest.map((line) => `${indent}  ${line.replace(/^, /, '')}`)];
}

function groupName(group: CircuitGroup, tokens: readonly string[]): string {
  if (group.kind === 'token') return `token ${shortName(group)}`;
  if (group.kind === 'logit') return `output ${shortName(group)}`;
  return printable(`${group.label} @${visibleToken(tokens[group.position] ?? '').replace(/^␣/, '')}`);
}

function shortName({ kind, label }: CircuitGroup): string {
  return printable(kind === 'feature' ? label : `"${label}"`);
}

function memberCount({ kind, nodes }: CircuitGroup): string {
  if (kind !== 'feature') return '';
  return nodes.length === 1 ? '1 feature' : `${nodes.length} feat.`;
}

function percentage(share: number): string {
  return `${Math.round(share * 100)}%`;
}

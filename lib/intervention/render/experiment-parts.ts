import type { TokenProbability } from '../top-tokens';
import { type ExperimentGroup, size } from './experiment';
import { escapeMarkup, percent, visibleToken } from './markup';
import { fitText } from './text-box';

export const style = `<style>
svg{--ink:#1c2330;--faint:#586174;--paper:#fff;--box:#f4f6fa;--line:#8b96a8;--full:#2f6fde;--edited:#b3500b;--negative:#c2334d;--track:#dfe4ec;font:${size.font}px system-ui,sans-serif}
@media (prefers-color-scheme:dark){svg{--ink:#e6eaf2;--faint:#a3adbf;--paper:#171b22;--box:#222833;--line:#7c889c;--full:#6ea2ff;--edited:#f0a163;--negative:#ff7d92;--track:#39414f}}
.paper{fill:var(--paper)}
.box{fill:var(--box);stroke:var(--line)}
.edited{stroke:var(--edited);stroke-width:2}
.ablated{stroke-dasharray:5 4}
.track{fill:var(--track)}
.bar{fill:var(--full)}
.minus{fill:var(--negative)}
text{fill:var(--ink)}
.heading{fill:var(--faint);font-weight:600}
.faint{fill:var(--faint);font-size:11px}
.change{fill:var(--edited);font-size:11px;font-weight:600}
.edge{fill:none;stroke:var(--line)}
.against{stroke:var(--negative);stroke-dasharray:6 3}
.head{fill:var(--line)}
.against-head{fill:var(--negative)}
</style>`;

/** The font size of notes, plus a tenth because bold letters are wider. */
const boldNote = 12.5;

interface Point {
  readonly x: number;
  readonly y: number;
}

export function promptLines(lines: readonly string[], width: number): string {
  const { margin } = size;
  const box = `<rect class="box" x="${margin}" y="${margin}" width="${width - 2 * margin}" height="${lines.length * 19 + 20}" rx="8"/>`;
  return [box, ...lines.map((line, i) => text(line, margin + 12, margin + 24 + 19 * i))].join('\n');
}

/** A box with the group's label, its edit and a bar for its activation. */
export function groupBox(group: ExperimentGroup, { x, y }: Point): string {
  const { label, change, share, ablated = false, replacedBy } = group;
  const inner = size.box - 20;
  const classes = ['box', change === undefined && replacedBy === undefined ? '' : 'edited', ablated ? 'ablated' : ''];
  const note = replacedBy === undefined ? change : `→ ${replacedBy}`;
  const lines = fitText(label, size.font, inner, note === undefined ? 2 : 1);
  return [
    `<g transform="translate(${x} ${y})">`,
    `<title>${escapeMarkup([label, change, note === change ? undefined : note].filter(Boolean).join(' '))}</title>`,
    `<rect class="${classes.filter(Boolean).join(' ')}" width="${size.box}" height="${size.boxHeight}" rx="8"/>`,
    ...lines.map((line, i) => text(line, 10, 20 + 17 * i)),
    ...(note === undefined ? [] : fitText(note, boldNote, inner, 1).map((line) => text(line, 10, 38, 'change'))),
    shareBar(share),
    '</g>',
  ].join('\n');
}

/** The bar ends at 100 %. The number shows larger shares. */
function shareBar(share: number | null): string {
  const [y, width] = [size.boxHeight - 19, size.box - 20 - 56];
  if (share === null || !Number.isFinite(share)) return text('activation unknown', 10, y + 8, 'faint');
  const length = Math.min(1, Math.abs(share)) * width;
  const kind = share < 0 ? 'bar minus' : 'bar';
  return [
    `<rect class="track" x="10" y="${y}" width="${width}" height="8" rx="2"/>`,
    `<rect class="${kind}" x="10" y="${y}" width="${length.toFixed(1)}" height="8" rx="2"/>`,
    `<text class="faint" x="${size.box - 10}" y="${y + 8}" text-anchor="end">${shareText(share)}</text>`,
  ].join('\n');
}

function shareText(share: number): string {
  const value = Math.round(share * 100);
  return Math.abs(value) >= 100_000 ? `${value < 0 ? '-' : '&gt; '}99999%` : `${value}%`;
}

/** The ends of an arrow, its control points, and the direction of its head in degrees from straight down. */
interface Route {
  readonly start: Point;
  readonly bends: readonly [Point, Point];
  readonly end: Point;
  readonly direction: number;
}

const headLength = 7;

/**
 * Route an edge between two boxes: from the upper side of a box to the lower side of one above it or vice versa,
 * between the nearer sides of boxes in one row, or around the boxes between two in one column.
 */
function route(source: Point, target: Point): Route {
  const distance = Math.abs(target.y - source.y);
  if (distance === 0) return levelRoute(source, target);
  const isBehindOthers = source.x === target.x && distance > size.boxHeight + size.gapY;
  return isBehindOthers ? sideRoute(source, target) : verticalRoute(source, target);
}

function levelRoute(source: Point, target: Point): Route {
  const right = target.x > source.x;
  const y = source.y + size.boxHeight / 2;
  const start = { x: source.x + (right ? size.box : 0), y };
  const end = { x: target.x + (right ? -headLength : size.box + headLength), y };
  const middle = { x: (start.x + end.x) / 2, y };
  return { start, bends: [middle, middle], end, direction: right ? -90 : 90 };
}

function verticalRoute(source: Point, target: Point): Route {
  const up = target.y < source.y;
  const start = { x: source.x + size.box / 2, y: source.y + (up ? 0 : size.boxHeight) };
  const end = { x: target.x + size.box / 2, y: target.y + (up ? size.boxHeight + headLength : -headLength) };
  const y = (start.y + end.y) / 2;
  return {
    start,
    bends: [
      { x: start.x, y },
      { x: end.x, y },
    ],
    end,
    direction: up ? 180 : 0,
  };
}

function sideRoute(source: Point, target: Point): Route {
  const edge = source.x + size.box;
  const start = { x: edge, y: source.y + size.boxHeight / 2 };
  const end = { x: edge + headLength, y: target.y + size.boxHeight / 2 };
  const x = edge + size.gapX - 6;
  return {
    start,
    bends: [
      { x, y: start.y },
      { x, y: end.y },
    ],
    end,
    direction: 90,
  };
}

export function arrow(source: Point, target: Point, weight: number, heaviest: number): string {
  const { start, bends, end, direction } = route(source, target);
  const against = weight < 0;
  const thickness = (1 + 3 * (heaviest > 0 ? Math.abs(weight) / heaviest : 0)).toFixed(1);
  const path = `M${pair(start)}C${pair(bends[0])} ${pair(bends[1])} ${pair(end)}`;
  return [
    `<path class="edge${against ? ' against' : ''}" stroke-width="${thickness}" d="${path}"/>`,
    `<path class="${against ? 'against-head' : 'head'}" transform="translate(${pair(end)}) rotate(${direction})" d="M-5 0L5 0L0 ${headLength}z"/>`,
  ].join('\n');
}

function pair({ x, y }: Point): string {
  return `${x} ${y}`;
}

export function outputRow({ token, probability }: TokenProbability, x: number, y: number): string {
  const [name, bar] = [160, size.outputs - 160 - 62];
  const length = Math.min(1, Math.max(0, probability)) * bar;
  return [
    text(fitText(visibleToken(token), size.font, name - 8, 1)[0] ?? '', x, y + 12),
    `<rect class="track" x="${x + name}" y="${y + 3}" width="${bar}" height="10" rx="2"/>`,
    `<rect class="bar" x="${x + name}" y="${y + 3}" width="${length.toFixed(1)}" height="10" rx="2"/>`,
    `<text x="${x + size.outputs}" y="${y + 12}" text-anchor="end">${escapeMarkup(percent(probability))}</text>`,
  ].join('\n');
}

function text(content: string, x: number, y: number, kind = ''): string {
  return `<text${kind && ` class="${kind}"`} x="${x}" y="${y}">${escapeMarkup(content)}</text>`;
}

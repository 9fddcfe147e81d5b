import type { NodeKind } from '../../graph-file/schema';
import { fontFamily } from './canvas-pen';
import { glyphCorners, type Pen, type ShapeStyle, type Stroke, type TextStyle } from './pen';

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Writes SVG. Text from graphs is escaped. */
export class SvgPen implements Pen {
  readonly #parts: string[] = [];

  glyphs(kind: NodeKind, points: ArrayLike<number>, radius: number, style: ShapeStyle): void {
    const corners = glyphCorners(kind);
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i], points[i + 1]];
      if (corners) {
        const path = corners.map(([dx, dy]) => `${round(x + dx * radius)},${round(y + dy * radius)}`).join(' ');
        this.#add('polygon', { points: path, ...shape(style) });
      } else this.#add('circle', { cx: round(x), cy: round(y), r: radius, ...shape(style) });
    }
  }

  rect(x: number, y: number, width: number, height: number, style: ShapeStyle, corner = 0): void {
    const place = { x: round(x), y: round(y), width: round(width), height: round(height) };
    this.#add('rect', { ...place, rx: corner || undefined, ...shape(style) });
  }

  curve(points: readonly number[], stroke: Stroke): void {
    const [x, y, ...rest] = points.map(round);
    this.#add('path', {
      d: `M${x} ${y}${rest.length === 6 ? 'C' : 'L'}${rest.join(' ')}`,
      fill: 'none',
      ...line(stroke),
    });
  }

  text(text: string, x: number, y: number, { size, colour, align, turn, bold }: TextStyle): void {
    const place = turn
      ? { transform: `translate(${round(x)} ${round(y)}) rotate(${turn})` }
      : { x: round(x), y: round(y) };
    const weight = bold ? 600 : undefined;
    const look = { 'font-size': size, 'font-weight': weight, fill: colour, 'text-anchor': align };
    this.#parts.push(`<text${attributes({ ...place, ...look })}>${escaped(text)}</text>`);
  }

  /** The whole document. */
  document(width: number, height: number, background: string): string {
    const size = { width: round(width), height: round(height), viewBox: `0 0 ${round(width)} ${round(height)}` };
    const root = attributes({ xmlns: 'http://www.w3.org/2000/svg', ...size, 'font-family': fontFamily });
    const page = `<rect${attributes({ width: '100%', height: '100%', fill: background })}/>`;
    return `<?xml version="1.0" encoding="UTF-8"?>\n<svg${root}>\n${[page, ...this.#parts].join('\n')}\n</svg>\n`;
  }

  #add(name: string, given: Attributes): void {
    this.#parts.push(`<${name}${attributes(given)}/>`);
  }
}

function shape({ fill, fillOpacity, stroke }: ShapeStyle): Attributes {
  return { fill: fill ?? 'none', 'fill-opacity': fillOpacity, ...(stroke && line(stroke)) };
}

function line({ colour, width, opacity, dash }: Stroke): Attributes {
  const dashes = dash?.length ? dash.join(' ') : undefined;
  return { stroke: colour, 'stroke-width': round(width), 'stroke-opacity': opacity, 'stroke-dasharray': dashes };
}

function attributes(given: Attributes): string {
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Also removes characters that XML does not allow: control characters and unpaired surrogates. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

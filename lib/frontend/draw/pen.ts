import type { NodeKind } from '../../graph-file/schema';

export interface Stroke {
  readonly colour: string;
  readonly width: number;
  readonly opacity?: number;
  readonly dash?: readonly number[];
}

export interface ShapeStyle {
  readonly fill?: string;
  readonly fillOpacity?: number;
  readonly stroke?: Stroke;
}

export interface TextStyle {
  readonly size: number;
  readonly colour: string;
  readonly align?: 'start' | 'middle' | 'end';
  /** Degrees, clockwise. */
  readonly turn?: number;
  readonly bold?: boolean;
}

/** The primitives for drawing graphs: on a canvas for the screen and PNG files, or as SVG. */
export interface Pen {
  /** Draw the glyph of a kind at each point x0 y0 x1 y1 ..., all in one style. */
  glyphs(kind: NodeKind, points: ArrayLike<number>, radius: number, style: ShapeStyle): void;
  rect(x: number, y: number, width: number, height: number, style: ShapeStyle, corner?: number): void;
  /** M x y, then either L x y or C of three points, as flat numbers: 4 or 8 in total, or 2 for a move. */
  curve(points: readonly number[], stroke: Stroke): void;
  text(text: string, x: number, y: number, style: TextStyle): void;
}

/**
 * The corners of a kind's glyph around the origin for radius 1. Undefined for a circle. Kinds differ by shape, not only
 * by colour.
 */
export function glyphCorners(kind: NodeKind): readonly (readonly [number, number])[] | undefined {
  return corners[kind];
}

const corners: Partial<Record<NodeKind, readonly (readonly [number, number])[]>> = {
  attention: regular(3, -90, 1.25),
  error: regular(4, -90, 1.2),
  token: regular(4, -45, 1.25),
  logit: regular(4, -45, 1.25),
  bias: regular(6, 0, 1.1),
  unknown: regular(5, -90, 1.15),
};

function regular(sides: number, start: number, size: number): [number, number][] {
  return Array.from({ length: sides }, (_, side) => {
    const angle = ((start + (360 / sides) * side) * Math.PI) / 180;
    return [size * Math.cos(angle), size * Math.sin(angle)];
  });
}

import type { NodeKind } from '../../../graph-file/schema';
import { glyphCorners } from '../../draw/pen';

/** The glyph of a node: circle for features, square for tokens and outputs, diamond for errors. */
export function Glyph({ kind, x = 0, y = 0, radius = 5 }: { kind: NodeKind; x?: number; y?: number; radius?: number }) {
  const corners = glyphCorners(kind);
  if (!corners) return <circle class="glyph" data-kind={kind} cx={x} cy={y} r={radius} />;
  const points = corners.map(([dx, dy]) => `${x + dx * radius},${y + dy * radius}`).join(' ');
  return <polygon class="glyph" data-kind={kind} points={points} />;
}

/** A glyph within text. */
export function GlyphIcon({ kind }: { kind: NodeKind }) {
  return (
    <svg class="glyph-icon" viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true">
      <Glyph kind={kind} />
    </svg>
  );
}

import type { Palette } from './palette';
import type { Stroke } from './pen';

/** Larger shares look the same. */
const fullShare = 0.4;

/** The opacity of a share, 0.28 to 1. */
export function shareOpacity(share: number): number {
  return 0.28 + 0.72 * Math.min(1, Math.abs(share) / fullShare);
}

export function shareColour(share: number, palette: Palette): string {
  return share < 0 ? palette.negative : palette.positive;
}

/** The share's colour blended with the background into one opaque colour. */
export function shareFill(share: number, palette: Palette): string {
  const [ground, colour] = [channels(palette.surface), channels(shareColour(share, palette))];
  const opacity = shareOpacity(share);
  const mixed = ground.map((value, i) => Math.round(value + (colour[i] - value) * opacity));
  return `rgb(${mixed.join(' ')})`;
}

/** Parses `#rrggbb`, or `#rgb`, to which style sheets are minified. */
function channels(given: string): number[] {
  const colour = given.length === 4 ? given.replace(/[0-9a-f]/gi, '$&$&') : given;
  return [1, 3, 5].map((place) => Number.parseInt(colour.slice(place, place + 2), 16));
}

/** Positive edges are solid and negative edges dashed, so that colour is not needed to distinguish them. */
export function shareStroke(share: number, width: number, palette: Palette): Stroke {
  const dash = share < 0 ? { dash: [Math.max(3, 2 * width), Math.max(2, width)] } : {};
  return { colour: shareColour(share, palette), width, opacity: shareOpacity(share), ...dash };
}

/** The width of an edge in the link graph: 3.5 sqrt(|share|), at least 0.6. */
export function linkWidth(share: number): number {
  return Math.max(0.6, 3.5 * Math.sqrt(Math.abs(share)));
}

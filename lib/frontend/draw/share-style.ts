import type { Palette } from './palette';
import type { Stroke } from './pen';

/** Shares beyond this look alike. */
const fullShare = 0.4;

/** 0.28 to 1: how strongly a share is coloured. */
export function shareOpacity(share: number): number {
  return 0.28 + 0.72 * Math.min(1, Math.abs(share) / fullShare);
}

export function shareColour(share: number, palette: Palette): string {
  return share < 0 ? palette.negative : palette.positive;
}

/** The same as one plain colour: laid over the ground as strongly as the share is. */
export function shareFill(share: number, palette: Palette): string {
  const [ground, colour] = [channels(palette.surface), channels(shareColour(share, palette))];
  const opacity = shareOpacity(share);
  const mixed = ground.map((value, i) => Math.round(value + (colour[i] - value) * opacity));
  return `rgb(${mixed.join(' ')})`;
}

/** Of `#rrggbb`, or of `#rgb`, which style sheets are shortened to. */
function channels(given: string): number[] {
  const colour = given.length === 4 ? given.replace(/[0-9a-f]/gi, '$&$&') : given;
  return [1, 3, 5].map((place) => Number.parseInt(colour.slice(place, place + 2), 16));
}

/** Positive links are solid and negative ones dashed, so that colour isn't needed to tell them apart. */
export function shareStroke(share: number, width: number, palette: Palette): Stroke {
  const dash = share < 0 ? { dash: [Math.max(3, 2 * width), Math.max(2, width)] } : {};
  return { colour: shareColour(share, palette), width, opacity: shareOpacity(share), ...dash };
}

/** Width of a link of the link graph: 3.5 sqrt(|share|), at least 0.6. */
export function linkWidth(share: number): number {
  return Math.max(0.6, 3.5 * Math.sqrt(Math.abs(share)));
}

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

/** Positive links are solid and negative ones dashed, so that colour isn't needed to tell them apart. */
export function shareStroke(share: number, width: number, palette: Palette): Stroke {
  const dash = share < 0 ? { dash: [Math.max(3, 2 * width), Math.max(2, width)] } : {};
  return { colour: shareColour(share, palette), width, opacity: shareOpacity(share), ...dash };
}

/** Width of a link of the link graph: 3.5 sqrt(|share|), at least 0.6. */
export function linkWidth(share: number): number {
  return Math.max(0.6, 3.5 * Math.sqrt(Math.abs(share)));
}

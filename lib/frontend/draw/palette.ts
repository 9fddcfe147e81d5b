/** Colours of drawings. The page reads them from its style sheet, so that light and dark are defined once. */
export interface Palette {
  readonly surface: string;
  readonly band: string;
  readonly line: string;
  readonly ink: string;
  readonly muted: string;
  readonly accent: string;
  /** Fill of what only one of two graphs has. */
  readonly only: string;
  readonly positive: string;
  readonly negative: string;
}

const names = ['surface', 'band', 'line', 'ink', 'muted', 'accent', 'only', 'positive', 'negative'] as const;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  return Object.fromEntries(
    names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as unknown as Palette;
}

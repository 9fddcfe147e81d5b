/** The colours of drawings. They are read from the style sheet, so that the light and dark themes are defined once. */
export interface Palette {
  readonly surface: string;
  readonly band: string;
  readonly line: string;
  readonly ink: string;
  readonly muted: string;
  readonly accent: string;
  /** The fill of nodes that only one of two graphs has. */
  readonly only: string;
  readonly positive: string;
  readonly negative: string;
}

const names = ['surface', 'band', 'line', 'ink', 'muted', 'accent', 'only', 'positive', 'negative'] as const;

let known: { theme: string | undefined; palette: Palette } | undefined;

/** The palette of the current theme. Read once per theme, because reading makes the browser lay out the page. */
export function readPalette(): Palette {
  const { dataset } = document.documentElement;
  if (known && known.theme === dataset.theme) return known.palette;
  const style = getComputedStyle(document.documentElement);
  const entries = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  const palette = Object.fromEntries(entries) as unknown as Palette;
  known = { theme: dataset.theme, palette };
  return palette;
}

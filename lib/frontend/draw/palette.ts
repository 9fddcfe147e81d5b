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

let known: { theme: string | undefined; palette: Palette } | undefined;

/** Of the theme on show; read once for each, as asking makes the browser lay the page out. */
export function readPalette(): Palette {
  const { dataset } = document.documentElement;
  if (known && known.theme === dataset.theme) return known.palette;
  const style = getComputedStyle(document.documentElement);
  const entries = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  const palette = Object.fromEntries(entries) as unknown as Palette;
  known = { theme: dataset.theme, palette };
  return palette;
}

/** The width of the narrowest supported terminal. */
export const pageWidth = 80;

/** Select Graphic Rendition codes of ECMA-48. 0 ends them. */
const styles = { bold: '1', dim: '2', cyan: '36', boldRed: '1;31' } as const;

/** Colours on a terminal, unless NO_COLOR is set (no-color.org). */
export class Palette {
  readonly #enabled: boolean;

  constructor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env) {
    this.#enabled = Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  heading(text: string): string {
    return this.#paint('bold', text);
  }
  faint(text: string): string {
    return this.#paint('dim', text);
  }
  bar(text: string): string {
    return this.#paint('cyan', text);
  }
  error(text: string): string {
    return this.#paint('boldRed', text);
  }
  get enabled(): boolean {
    return this.#enabled;
  }

  #paint(style: keyof typeof styles, text: string): string {
    return this.#enabled ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;
  }
}

const unsafe = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Text on one line, without characters that move the cursor or change the direction of writing. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => {
    if (character === '\n') return '⏎';
    if (character === '\t') return '⇥';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;
const zeroWidth = /^\p{Mark}+$|^\u200b$/u;

/**
 * The columns that a terminal uses for text: two for East Asian wide characters and emoji, none for combining marks.
 */
export function columns(text: string): number {
  let count = 0;
  for (const { segment } of graphemes.segment(text)) {
    if (!zeroWidth.test(segment)) count += wide.test(segment) ? 2 : 1;
  }
  return count;
}

/** Cut text to at most `width` columns, with an ellipsis at the end. */
export function clip(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let [kept, used] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    const size = columns(segment);
    if (used + size > width - 1) break;
    kept += segment;
    used += size;
  }
  return `${kept}…`;
}

/** Clip or pad text to exactly `width` columns. */
export function cell(text: string, width: number): string {
  const clipped = clip(text, width);
  return clipped + ' '.repeat(Math.max(0, width - columns(clipped)));
}

/** Format a number in a right-aligned cell. */
export function numberCell(value: number, width: number, digits = 3): string {
  return significant(value, digits).padStart(width);
}

/** Format with some significant digits, and an exponent only if necessary: 12.3, 0.0123, 1.23e-7. */
export function significant(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(digits - 1);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value.toFixed(decimals);
}

/** Format as 12,345. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** Format as `1 feature` or `12,345 features`. */
export function counted(value: number, noun: string): string {
  return `${grouped(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Format as 1.5 GB, in powers of a thousand, as disks are sold. */
export function byteSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return unit === 0 ? `${grouped(value)} bytes` : `${significant(value)} ${units[unit]}`;
}

/** Join words into lines of at most `width` columns. Lines after the first are indented. */
export function wrap(words: readonly string[], joint: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const longer = line === '' ? word : line + joint + word;
    if (line !== '' && columns(longer) > width) {
      lines.push(line);
      line = clip(indent + joint.trimStart() + word, width);
    } else line = clip(longer, width);
  }
  return line === '' ? lines : [...lines, line];
}

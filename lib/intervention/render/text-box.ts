import { cleanText } from './markup';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const ascii = /^[\u0020-\u007e]$/;
const latin = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]\p{Mark}*$/u;

/** The widest advance, in em, of a character in common sans-serif fonts. Slightly wider than in DejaVu Sans. */
function advance(grapheme: string): number {
  if (/^[ .,:;'|!ijlfrt()[\]/-]$/.test(grapheme)) return 0.42;
  if (/^[@%mMW]$/.test(grapheme)) return 1.05;
  if (/^[A-Zw+=<>~#^&]$/.test(grapheme)) return 0.85;
  if (ascii.test(grapheme)) return 0.66;
  if (latin.test(grapheme)) return 1.1;
  // Ideographs and emoji are one em wide. Some symbols and joined emoji are wider.
  return 1.4 * Math.min(3, [...grapheme].length);
}

/** The maximum width that the text is expected to take in any font, in multiples of the font size. */
export function widthInEm(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += advance(segment);
  return width;
}

/**
 * Break text into at most `lines` lines that fit `width`, between words if possible. If some text is cut, the last line
 * ends with an ellipsis.
 */
export function fitText(text: string, fontSize: number, width: number, lines: number): string[] {
  const available = width / fontSize;
  const result: string[] = [];
  let rest = cleanText(text).replace(/\s+/g, ' ').trim();
  while (rest !== '' && result.length < lines - 1) {
    const line = firstLine(rest, available);
    result.push(line.trim());
    rest = rest.slice(line.length).trimStart();
  }
  return rest === '' ? result : [...result, ellipsize(rest, available)];
}

/** As much text as fits, up to the last space if there is one, but at least one character. */
function firstLine(text: string, available: number): string {
  const line = longestPrefix(text, available) || [...graphemes.segment(text)][0]?.segment || '';
  if (line.length === text.length) return line;
  const space = text[line.length] === ' ' ? line.length : line.lastIndexOf(' ');
  return space > 0 ? line.slice(0, space) : line;
}

function ellipsize(text: string, available: number): string {
  if (widthInEm(text) <= available) return text;
  return `${longestPrefix(text, available - advance('…')).trimEnd()}…`;
}

function longestPrefix(text: string, available: number): string {
  let [prefix, used] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    used += advance(segment);
    if (used > available) break;
    prefix += segment;
  }
  return prefix;
}

/** Format a percentage with a sign and a true minus: +12.3% */
export function percent(share: number, digits = 1): string {
  return `${signed(100 * share, digits)}%`;
}

export function unsignedPercent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}%`;
}

export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  const zero = Number(text) === 0;
  return `${zero ? '' : value < 0 ? '−' : '+'}${text}`;
}

/** Format with three decimals, aligned in columns. A dash for a missing number. */
export function fixed(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : '–';
}

/** Format with three significant digits. A dash for a missing number. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace('-', '−');
}

export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

const marks: Readonly<Record<string, string>> = { '\n': '⏎', '\r': '↵', '\t': '⇥' };

/** A token on one line. Line ends and tabs become symbols, as do spaces if there is nothing else. */
export function visibleToken(token: string): string {
  const line = token.replace(/[\n\r\t]/g, (mark) => marks[mark]);
  if (line === '') return '∅';
  return line.trim() === '' ? '␣'.repeat(Math.min(line.length, 8)) : line;
}

/** At most `most` characters, ending in … if text is cut. */
export function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** What a JSON text may cost at most. */
export interface JsonBounds {
  /** Brackets inside one another. Default 100; files of this field have fewer than 20. */
  readonly maxDepth?: number;
  /** Estimated bytes of the lists and objects it stands for, strings left out. Default 256 Mi. */
  readonly maxMemory?: number;
}

/** What V8 allots to an empty list or object, and to one more entry in it. */
const [bracketBytes, entryBytes] = [64, 8];

/**
 * `JSON.parse` for texts from files and clients: refused before it is parsed when it would take far more memory than it
 * is long. `JSON.parse` takes about 50 bytes for each `[`.
 *
 * @param text as text, or as UTF-8, whose faults are refused
 * @throws SyntaxError in words that complete `expected JSON, found `; TypeError for bytes that are no UTF-8.
 */
export function parseBoundedJson(text: string | Uint8Array, bounds: JsonBounds = {}): unknown {
  const decoded = typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text);
  const excess = findExcess(decoded, bounds);
  if (excess !== undefined) throw new SyntaxError(excess);
  return JSON.parse(decoded);
}

function findExcess(text: string, { maxDepth = 100, maxMemory = 2 ** 28 }: JsonBounds): string | undefined {
  let depth = 0;
  let memory = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = closingQuote(text, at);
    else if (character === ',') memory += entryBytes;
    else if (character === ']' || character === '}') depth--;
    else if (character === '[' || character === '{') {
      memory += bracketBytes;
      if (++depth > maxDepth) return `brackets more than ${maxDepth} deep`;
    } else continue;
    if (memory > maxMemory) return `so many lists and objects that they take more than ${maxMemory} bytes of memory`;
  }
  return undefined;
}

/** Where the string that begins at `start` ends; past the end of the text for one that never does. */
export function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

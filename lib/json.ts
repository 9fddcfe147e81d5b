/** What a JSON text may cost at most. */
export interface JsonLimits {
  /** Characters. Default 256 Mi, half of what one JavaScript string can hold. */
  readonly maxLength?: number;
  /** Brackets inside one another. Default 100; files of this field have fewer than 20. */
  readonly maxDepth?: number;
  /** Estimated bytes of the lists and objects it stands for, strings left out. Default 512 Mi. */
  readonly maxMemory?: number;
}

/** Of a file that people write or read: config.json and its like take some kilobytes. */
export const smallJson: JsonLimits = { maxLength: 2 ** 24, maxMemory: 2 ** 26 };

/** What V8 allots to an empty list or object, and to one more entry in it. */
const [bracketBytes, entryBytes] = [64, 8];

const [quote, comma, openList, closeList, openObject, closeObject] = [...'",[]{}'].map((c) => c.charCodeAt(0));

/**
 * `JSON.parse` for texts from files and from the network: refused before it is parsed when it would take far more memory than
 * it is long. `JSON.parse` takes about 50 bytes for each `[`.
 *
 * @throws SyntaxError in words that complete `expected JSON, found `.
 */
export function parseJson(text: string, limits?: JsonLimits): unknown {
  checkJson(text, limits);
  return JSON.parse(text);
}

/**
 * The same check, of a text that others parse.
 *
 * @throws SyntaxError in words that complete `expected JSON, found `.
 */
export function checkJson(text: string, limits: JsonLimits = {}): void {
  const excess = findExcess(text, limits);
  if (excess !== undefined) throw new SyntaxError(excess);
}

function findExcess(text: string, limits: JsonLimits): string | undefined {
  const { maxLength = 2 ** 28, maxDepth = 100, maxMemory = 2 ** 29 } = limits;
  if (text.length > maxLength) return `${text.length} characters, more than ${maxLength}`;
  let depth = 0;
  let memory = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = closingQuote(text, at);
    else if (code === comma) memory += entryBytes;
    else if (code === closeList || code === closeObject) depth--;
    else if (code === openList || code === openObject) {
      depth++;
      memory += bracketBytes;
      if (depth > maxDepth) return `brackets more than ${maxDepth} deep`;
    } else continue;
    if (memory > maxMemory) return `so many lists and objects that they take more than ${maxMemory} bytes of memory`;
  }
  return undefined;
}

/** Place of the quote that ends the string beginning at `opening`; the text's length when there is none. */
export function closingQuote(json: string, opening: number): number {
  for (let at = opening + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  return json.length;
}

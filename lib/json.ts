/** Limits on the cost of parsing a JSON text. */
export interface JsonLimits {
  /** The maximum number of characters. Default 256 Mi, half the maximum length of a JavaScript string. */
  readonly maxLength?: number;
  /** The maximum nesting depth of brackets. Default 100; files of this field have fewer than 20. */
  readonly maxDepth?: number;
  /** The maximum estimated size in bytes of the parsed lists and objects, without strings. Default 512 Mi. */
  readonly maxMemory?: number;
}

/** The limits for small files that people edit. Files such as config.json take a few kilobytes. */
export const smallJson: JsonLimits = { maxLength: 2 ** 24, maxMemory: 2 ** 26 };

/** The bytes that V8 allocates for an empty list or object, and for each further entry. */
const [bracketBytes, entryBytes] = [64, 8];

const [quote, comma, openList, closeList, openObject, closeObject] = [...'",[]{}'].map((c) => c.charCodeAt(0));

/**
 * `JSON.parse` for texts from files and the network. A text that would need far more memory than its length is rejected
 * before it is parsed: `JSON.parse` takes about 50 bytes for each `[`.
 *
 * @throws SyntaxError whose message completes `expected JSON, found `.
 */
export function parseJson(text: string, limits?: JsonLimits): unknown {
  checkJson(text, limits);
  return JSON.parse(text);
}

/**
 * The same check for a text that other code parses.
 *
 * @throws SyntaxError whose message completes `expected JSON, found `.
 */
export function checkJson(text: string, limits: JsonLimits = {}): void {
  const excess = findExcess(text, limits);
  if (excess !== undefined) throw new SyntaxError(excess);
}

function findExcess(text: string, limits: JsonLimits): string | undefined {
  const { maxLength = 2 ** 28, maxDepth = 100, maxMemory = 2 ** 29 } = limits;
  if (text.length > maxLength) return `${text.length} characters, more than the limit of ${maxLength}`;
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
      if (depth > maxDepth) return `brackets nested more than ${maxDepth} deep`;
    } else continue;
    if (memory > maxMemory) return `lists and objects that need more than ${maxMemory} bytes of memory`;
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

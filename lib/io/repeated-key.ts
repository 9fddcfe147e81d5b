import { closingQuote } from '../json';

/**
 * The first duplicate key in the outermost object of a valid JSON text. `JSON.parse` silently keeps the later value.
 */
export function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let text = '';
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === '"') {
      const end = closingQuote(json, at);
      if (depth === 1) text = json.slice(at, end + 1);
      at = end;
    } else if (character === ':' && depth === 1) {
      const key = JSON.parse(text) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

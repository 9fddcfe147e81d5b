/**
 * A graph file with another view: the value of its top-level member `qParams` replaced, or put first; every other
 * character stays.
 *
 * @param text a JSON object
 * @param view JSON
 */
export function withView(text: string, view: string): string {
  const place = lastMember(text, 'qParams');
  if (place) return `${text.slice(0, place.start)} ${view}${text.slice(place.end)}`;
  const start = text.indexOf('{') + 1;
  const separator = /^\s*\}/.test(text.slice(start)) ? '' : ',';
  return `${text.slice(0, start)}\n"qParams": ${view}${separator}${text.slice(start)}`;
}

/** Where the value of a top-level member begins, after the colon, and ends. Of several, parsers take the last. */
function lastMember(text: string, name: string): { start: number; end: number } | undefined {
  let found: { start: number; end: number } | undefined;
  let depth = 0;
  let key = '';
  let start = -1;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') {
      const end = endOfString(text, i);
      if (depth === 1 && start < 0) key = JSON.parse(text.slice(i, end + 1));
      i = end;
    } else if (character === '{' || character === '[') {
      depth++;
    } else if (depth > 1) {
      if (character === '}' || character === ']') depth--;
    } else if (character === ':') {
      start = i + 1;
    } else if (character === ',' || character === '}') {
      if (start >= 0 && key === name) found = { start, end: i };
      start = -1;
    }
  }
  return found;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
  }
}

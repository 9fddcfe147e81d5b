import { closingQuote, type JsonLimits, parseJson } from '../json';

/** The start of a member's value, after the colon, and its end. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const deepest = 100;
const maxMembers = 1000;

/**
 * The text of a JSON object whose members are only parsed on request. For a large graph, everything except the edges
 * takes little time and memory.
 */
export class GraphText {
  readonly text: string;
  readonly #members: ReadonlyMap<string, Span>;

  /**
   * @param isWhole false if the text may be cut; it then has the members that end before the cut
   * @throws SyntaxError when it is not an object, its brackets do not match, or they are nested more than 100 deep.
   */
  constructor(text: string, isWhole = true) {
    this.text = text;
    this.#members = findMembers(text, isWhole);
  }

  /** @throws SyntaxError when the member is not JSON or exceeds the limits. */
  value(name: string, limits?: JsonLimits): unknown {
    const span = this.#members.get(name);
    return span && parseJson(this.text.slice(span.start, span.end), limits);
  }

  /** Whether the member exists and begins like a list. */
  isList(name: string): boolean {
    const span = this.#members.get(name);
    return span !== undefined && /^\s*\[/.test(this.text.slice(span.start, span.start + 100));
  }

  /** The text of a member. Undefined if it does not exist. */
  spanOf(name: string): Span | undefined {
    return this.#members.get(name);
  }
}

/** Of several members with the same name, parsers use the last. */
function findMembers(text: string, isWhole: boolean): Map<string, Span> {
  const members = new Map<string, Span>();
  const closers: string[] = [];
  let key: string | undefined;
  let start = -1;
  const endMember = (end: number) => {
    if (start >= 0 && key !== undefined) members.set(key, { start, end });
    if (members.size > maxMembers) throw new SyntaxError(`more than ${maxMembers} members`);
    start = -1;
    key = undefined;
  };
  let at = text.search(/\S/);
  if (text[at] !== '{') throw new SyntaxError('no object');
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = closingQuote(text, at);
      if (closers.length === 1 && start < 0 && end < text.length) key = JSON.parse(text.slice(at, end + 1));
      at = end;
    } else if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']');
      if (closers.length > deepest) throw new SyntaxError(`brackets more than ${deepest} deep`);
    } else if (character === '}' || character === ']') {
      if (closers.length === 1) endMember(at);
      if (closers.pop() !== character) throw new SyntaxError('brackets that do not match');
      if (closers.length === 0) break;
    } else if (closers.length === 1 && character === ',') endMember(at);
    else if (closers.length === 1 && character === ':' && start < 0) start = at + 1;
  }
  const ends = closers.length === 0 && /^\s*$/.test(text.slice(at + 1));
  if (isWhole && !ends) throw new SyntaxError(closers.length === 0 ? 'more after its end' : 'no end');
  return members;
}

/** The groups of characters that fold to the same character. Characters without others are omitted. */
let groups: readonly (readonly string[])[] | undefined;

const cased = /\p{Changes_When_Casemapped}/u;
const lastCased = 0x1f000;

function foldGroups(): readonly (readonly string[])[] {
  if (groups) return groups;
  const byKey = new Map<string, string[]>();
  for (let code = 0; code < lastCased; code++) {
    const character = String.fromCodePoint(code);
    if (!cased.test(character)) continue;
    const upper = character.toUpperCase();
    const key = (upper.length === character.length ? upper : character).toLowerCase();
    const members = byKey.get(key);
    if (members) members.push(character);
    else byKey.set(key, [character]);
  }
  groups = [...byKey.values()].filter((members) => members.length > 1);
  return groups;
}

/** Whether two characters match under simple case folding, which does not fold dotless and dotted i. */
const foldAlike = (a: string, b: string): boolean => new RegExp(`^\\u{${hex(a)}}$`, 'iu').test(b);
const hex = (character: string): string => (character.codePointAt(0) as number).toString(16);

/**
 * Extend a class by all case variants of its members, as Oniguruma does for `(?i:)`: `s` includes U+017F, `k` the
 * kelvin sign.
 */
export function closeFold(set: string): string {
  const member = new RegExp(`^${set}$`, 'v');
  const added = new Set<string>();
  for (const group of foldGroups()) {
    const inside = group.filter((character) => member.test(character));
    if (inside.length === 0 || inside.length === group.length) continue;
    for (const other of group) {
      if (!inside.includes(other) && inside.some((character) => foldAlike(character, other))) added.add(other);
    }
  }
  return added.size === 0 ? set : `[${set}${[...added].map((character) => `\\u{${hex(character)}}`).join('')}]`;
}

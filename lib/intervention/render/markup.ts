/** XML 1.0 forbids some characters even as references. Others change the direction of the text around them. */
function isForbidden(character: string): boolean {
  const code = character.codePointAt(0) as number;
  const control = code < 0x20 && code !== 0x09 && code !== 0x0a;
  const notCharacter = code === 0xfffe || code === 0xffff;
  return control || (code >= 0x7f && code < 0xa0) || notCharacter || /\p{Bidi_Control}/u.test(character);
}

/** Remove control characters and direction marks, and replace unpaired surrogates. */
export function cleanText(text: string): string {
  const characters = Array.from(text, (character) => (/^\p{Surrogate}$/u.test(character) ? '\ufffd' : character));
  return characters.filter((character) => !isForbidden(character)).join('');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escape text for content and attributes of XML and HTML. */
export function escapeMarkup(text: string): string {
  return cleanText(text).replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** Make the line breaks and tabs of a token visible, and the spaces at its ends. */
export function visibleToken(token: string): string {
  const shown = token.replaceAll('\n', '⏎').replaceAll('\r', '').replaceAll('\t', '⇥');
  return shown.replace(/^ +| +$/g, (spaces) => '␣'.repeat(spaces.length)) || '∅';
}

/** Format as 12.3%, 0.04% or < 0.01%. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.01) return '< 0.01%';
  return `${value.toFixed(value >= 10 || value === 0 ? 1 : 2)}%`;
}

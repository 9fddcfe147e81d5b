const gpt4 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const cased = '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const rest = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

/** The regular expressions of published tokenizers. All of them run in linear time. */
const known: ReadonlySet<string> = new Set([
  gpt4,
  gpt4.replace('\\p{N}{1,3}', '\\p{N}'),
  gpt4.replace('?\\p{L}+', '?[\\p{L}\\p{M}]+').replace('\\p{N}{1,3}', '\\p{N}'),
  `${cased}*${lower}+${contraction}|${cased}+${lower}*${contraction}|\\p{N}{1,3}|${rest}`,
  `${cased}*${lower}+|${cased}+${lower}*|\\p{N}|${rest}`,
]);

/** Whether all patterns run in linear time on any text. Other patterns may only run where they can be stopped. */
export const areKnown = (patterns: readonly string[]): boolean =>
  patterns.every((pattern) => known.has(pattern) || isPlain(pattern));

/** Whether a pattern is a single class or character, repeated or not, which cannot backtrack. */
function isPlain(pattern: string): boolean {
  return /^(?:\[\^?(?:[^[\]\\&]|\\[srnt]|\\p\{\w+\})+\]|\\[srndw]|\\p\{\w+\}|[^\\[\](){}*+?^$|])\+?$/u.test(pattern);
}

/**
 * Parse JSON, and Python's dialect of it. Bare NaN and Infinity become null.
 *
 * @throws SyntaxError
 */
export function parsePythonJson(source: string): { value: unknown; repaired: boolean } {
  const clean = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
  try {
    return { value: JSON.parse(clean), repaired: false };
  } catch (error) {
    if (!/NaN|Infinity/.test(clean)) throw error;
    const repaired = clean.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (part) =>
      part.startsWith('"') ? part : 'null',
    );
    return { value: JSON.parse(repaired), repaired: true };
  }
}

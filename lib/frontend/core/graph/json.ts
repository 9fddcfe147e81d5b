/** Helpers to read JSON that anybody may have written. */
export type Json = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A finite number, also one written as text. */
export function number(value: unknown): number | undefined {
  const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof given === 'number' && Number.isFinite(given) ? given : undefined;
}

/**
 * Parse JSON, and the dialect of it that Python writes: bare NaN and Infinity become null.
 *
 * @throws SyntaxError
 */
export function parseJson(source: string): { value: unknown; repaired: boolean } {
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

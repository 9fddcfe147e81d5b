import { work, workPerItem } from './budget';
import { TemplateError } from './errors';
import { floatText } from './text';
import { compare, Float, isDict, isList, type Key, Tuple, typeName, type Value, workOn } from './values';

export interface JsonOptions {
  readonly ensureAscii: boolean;
  /** The indentation per level, as spaces or text; null for a single line. */
  readonly indent: string | null;
  readonly separators: readonly [string, string];
  readonly sortKeys: boolean;
}

/** Python's `json.dumps`. */
export function dumps(value: Value, options: JsonOptions, level = 0): string {
  work(workPerItem);
  workOn(value);
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (value instanceof Float) return jsonFloat(value.value);
  if (typeof value === 'string') return jsonText(value, options.ensureAscii);
  if (isList(value))
    return block(
      '[',
      ']',
      value.map((item) => dumps(item, options, level + 1)),
      options,
      level,
    );
  if (value instanceof Tuple) return dumps(value.items, options, level);
  if (isDict(value)) {
    const entries = [...value];
    if (options.sortKeys) entries.sort(([a], [b]) => compare(a, b));
    const written = entries.map(
      ([key, item]) =>
        jsonText(keyText(key), options.ensureAscii) + options.separators[1] + dumps(item, options, level + 1),
    );
    return block('{', '}', written, options, level);
  }
  throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
}

function block(open: string, close: string, parts: readonly string[], options: JsonOptions, level: number): string {
  const { indent, separators } = options;
  if (parts.length === 0) return open + close;
  if (indent === null) return open + parts.join(separators[0]) + close;
  const line = `\n${indent.repeat(level + 1)}`;
  return `${open}${line}${parts.join(separators[0] + line)}\n${indent.repeat(level)}${close}`;
}

const keyText = (key: Key): string => (typeof key === 'string' ? key : key === null ? 'null' : String(key));

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return floatText(value);
}

function jsonText(plain: string, ensureAscii: boolean): string {
  const written = JSON.stringify(plain);
  if (!ensureAscii) return written;
  return written.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

import { TemplateError, UnsupportedError } from './errors';
import { floatText, repr, str } from './text';
import {
  type Arguments,
  Float,
  isDict,
  isNumber,
  keyOf,
  length,
  numberOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values';

interface Spec {
  readonly fill: string;
  readonly align: string;
  readonly sign: string;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
}

const widest = 10_000;

/** `format % values`: fill in each conversion. */
export function percentFormat(format: string, values: Value): string {
  const list = values instanceof Tuple ? values.items : [values];
  let next = 0;
  const take = (): Value => {
    const value = list[next++];
    if (value === undefined) throw new TemplateError('not enough arguments for format string');
    return value;
  };
  const out = format.replace(
    /%(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z%])?/g,
    (_whole, name, flags, width, precision, type) => {
      if (type === undefined) throw new TemplateError('incomplete format');
      if (type === '%') return '%';
      const wide = width === '*' ? numberOf(take() as number) : Number(width ?? 0);
      const digits =
        precision === '*' ? numberOf(take() as number) : precision === undefined ? undefined : Number(precision);
      const value = name === undefined ? take() : named(values, name);
      return percent(value, type, {
        fill: flags.includes('0') && !flags.includes('-') ? '0' : ' ',
        align: flags.includes('-') ? '<' : '>',
        sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '-',
        alternate: flags.includes('#'),
        width: wide,
        grouping: '',
        precision: digits,
        type,
      });
    },
  );
  if (next < list.length && !isDict(values) && values instanceof Tuple) {
    throw new TemplateError('not all arguments converted during string formatting');
  }
  if (next === 0 && !(values instanceof Tuple) && !isDict(values)) {
    throw new TemplateError('not all arguments converted during string formatting');
  }
  return out;
}

function named(values: Value, name: string): Value {
  const found = isDict(values) ? values.get(name) : undefined;
  if (found === undefined) throw new TemplateError(`format requires the key '${name}'`);
  return found;
}

function percent(value: Value, type: string, spec: Spec): string {
  if (type === 's' || type === 'r' || type === 'a') {
    const plain = type === 's' ? str(value) : repr(value);
    return aligned(spec.precision === undefined ? plain : [...plain].slice(0, spec.precision).join(''), {
      ...spec,
      fill: ' ',
    });
  }
  if (type === 'c')
    return aligned(typeof value === 'number' ? String.fromCodePoint(value) : str(value), { ...spec, fill: ' ' });
  const whole = 'diuxXo'.includes(type);
  if (!isNumber(value)) throw new TemplateError(`%${type} format: a real number is required, not ${typeName(value)}`);
  if (!whole && !'eEfFgG'.includes(type)) throw new TemplateError(`unsupported format character '${type}'`);
  const number = whole ? Math.trunc(numberOf(value)) : numberOf(value);
  return formatNumber(number, { ...spec, type: type === 'i' || type === 'u' ? 'd' : type }, whole);
}

/** `format.format(...)`: fill in each field in braces. */
export function bracesFormat(format: string, args: Arguments): string {
  let next = 0;
  return format.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::([^{}]*))?\}|[{}]/g,
    (whole, field, conversion, spec) => {
      if (whole === '{{' || whole === '}}') return whole.charAt(0);
      if (field === undefined) throw new UnsupportedError(`the brace ${whole} of a format`);
      const [, first = '', rest = ''] = /^([^.[]*)(.*)$/.exec(field) as RegExpExecArray;
      const key = first === '' ? String(next++) : first;
      let value = /^\d+$/.test(key) ? args.positional[Number(key)] : args.named.get(key);
      if (value === undefined) throw new TemplateError(`format() has no value for '${key}'`);
      for (const [, dotted, bracketed] of rest.matchAll(/\.(\w+)|\[([^\]]*)\]/g))
        value = step(value, dotted ?? bracketed ?? '');
      if (conversion) value = conversion === 's' ? str(value) : repr(value);
      return formatValue(value, spec ?? '');
    },
  );
}

function step(value: Value, key: string): Value {
  const found = isDict(value)
    ? value.get(keyOf(key))
    : Array.isArray(value)
      ? (value[Number(key)] as Value | undefined)
      : undefined;
  return found ?? new Undefined(`'${typeName(value)}' has no '${key}'`);
}

/** Python's `format(value, spec)`. */
export function formatValue(value: Value, text: string): string {
  if (value instanceof Undefined || text === '') return str(value);
  const found = /^(?:([\s\S])?([<>=^]))?([-+ ]?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/u.exec(text);
  if (!found) throw new TemplateError(`Invalid format specifier '${text}'`);
  const isNumeric = isNumber(value) && found[9] !== 's';
  const spec: Spec = {
    fill: found[1] ?? (found[5] ? '0' : ' '),
    align: found[2] ?? (found[5] && isNumeric ? '=' : isNumeric ? '>' : '<'),
    sign: found[3] || '-',
    alternate: found[4] === '#',
    width: Number(found[6] || 0),
    grouping: found[7] ?? '',
    precision: found[8] === undefined ? undefined : Number(found[8]),
    type: found[9] ?? '',
  };
  if (typeof value === 'boolean' && spec.type === '') return aligned(str(value), spec);
  if (isNumeric) return formatNumber(numberOf(value), spec, !(value instanceof Float));
  const plain = str(value);
  return aligned(spec.precision === undefined ? plain : [...plain].slice(0, spec.precision).join(''), spec);
}

function formatNumber(value: number, spec: Spec, whole: boolean): string {
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : spec.sign === '-' ? '' : spec.sign;
  const digits = grouped(magnitude(Math.abs(value), spec, whole), spec.grouping);
  if (spec.align === '=' || (spec.fill === '0' && spec.align === '>')) {
    const room = Math.max(0, bounded(spec.width) - sign.length - digits.length);
    return sign + spec.fill.repeat(room) + digits;
  }
  return aligned(sign + digits, spec);
}

function magnitude(value: number, { type, precision, alternate }: Spec, whole: boolean): string {
  if (whole && (type === '' || type === 'd' || type === 'n')) return String(value).padStart(precision ?? 0, '0');
  const bases: Readonly<Record<string, [number, string]>> = {
    x: [16, '0x'],
    X: [16, '0X'],
    o: [8, '0o'],
    b: [2, '0b'],
  };
  const base = bases[type];
  if (base && whole) {
    const digits = value.toString(base[0]);
    return (alternate ? base[1] : '') + (type === 'X' ? digits.toUpperCase() : digits);
  }
  if (!Number.isFinite(value)) return floatText(value);
  const places = Math.min(100, precision ?? 6);
  if (type === 'f' || type === 'F') return fixed(value, places);
  if (type === '%') return `${fixed(value * 100, places)}%`;
  if (type === 'e' || type === 'E') return exponent(value, places, type);
  if (type === 'g' || type === 'G') return general(value, places || 1, alternate);
  if (type === '') return precision === undefined ? floatText(value) : general(value, precision || 1, true);
  throw new TemplateError(`Unknown format code '${type}'`);
}

/** Format with fixed decimals. Halves round to even, by the exact value of the double. */
function fixed(value: number, places: number): string {
  if (value >= 1e21) return `${BigInt(value)}${places > 0 ? `.${'0'.repeat(places)}` : ''}`;
  const nearest = value.toFixed(places);
  // JavaScript rounds ties up. The digits after the last one kept reveal a tie.
  const digits = value.toFixed(Math.min(100, places + 40));
  const isTie = places < 60 && /^50*$/.test(digits.slice(digits.indexOf('.') + 1 + places));
  if (!isTie) return nearest;
  const kept = digits.slice(0, digits.indexOf('.') + (places > 0 ? 1 + places : 0));
  return Number(kept.at(-1)) % 2 === 0 ? kept : nearest;
}

function exponent(value: number, places: number, letter: string): string {
  const [digits, power] = value.toExponential(places).split('e') as [string, string];
  return `${digits}${letter}${power.charAt(0)}${power.slice(1).padStart(2, '0')}`;
}

function general(value: number, digits: number, keepPoint: boolean): string {
  const power = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  if (power < -4 || power >= digits) {
    const [mantissa, rest] = exponent(value, digits - 1, 'e').split('e') as [string, string];
    return `${trimmed(mantissa)}e${rest}`;
  }
  const plain = trimmed(value.toFixed(Math.max(0, digits - 1 - power)));
  return keepPoint && !plain.includes('.') ? `${plain}.0` : plain;
}

const trimmed = (plain: string): string => (plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain);

const grouped = (digits: string, grouping: string): string =>
  grouping === '' ? digits : digits.replace(/^\d+/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, grouping));

function bounded(width: number): number {
  if (width > widest) throw new TemplateError(`a width of ${width} is not supported`);
  return width;
}

function aligned(plain: string, { fill, align, width }: Spec): string {
  const room = Math.max(0, bounded(width) - length(plain));
  if (align === '<') return plain + fill.repeat(room);
  if (align !== '^') return fill.repeat(room) + plain;
  const left = Math.floor(room / 2);
  return fill.repeat(left) + plain + fill.repeat(room - left);
}

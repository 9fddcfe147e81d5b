import { UnsupportedError } from './errors';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = 'January February March April May June July August September October November December'.split(' ');
const dayLength = 86_400_000;

const pad = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill);

/** The day of the year, from 1. */
const dayOfYear = (at: Date): number =>
  Math.round((Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) - Date.UTC(at.getFullYear(), 0, 0)) / dayLength);

/** The week of the year, with weeks that begin on `first` (0 for Sunday). */
const week = (at: Date, first: number): number => Math.floor((dayOfYear(at) + 6 - ((at.getDay() - first + 7) % 7)) / 7);

/** The year and week of ISO 8601. The year of a week is that of its Thursday. */
function isoWeek(at: Date): [number, number] {
  const weekday = (at.getDay() + 6) % 7;
  const thursday = new Date(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate() - weekday + 3));
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return [thursday.getUTCFullYear(), 1 + Math.floor((thursday.getTime() - start) / (7 * dayLength))];
}

const twelve = (at: Date): number => at.getHours() % 12 || 12;

const directives: Readonly<Record<string, (at: Date) => string>> = {
  a: (at) => (days[at.getDay()] as string).slice(0, 3),
  A: (at) => days[at.getDay()] as string,
  b: (at) => (months[at.getMonth()] as string).slice(0, 3),
  B: (at) => months[at.getMonth()] as string,
  c: (at) => strftime(at, '%a %b %e %H:%M:%S %Y'),
  C: (at) => pad(Math.floor(at.getFullYear() / 100)),
  d: (at) => pad(at.getDate()),
  D: (at) => strftime(at, '%m/%d/%y'),
  e: (at) => pad(at.getDate(), 2, ' '),
  f: (at) => pad(at.getMilliseconds() * 1000, 6),
  F: (at) => strftime(at, '%Y-%m-%d'),
  g: (at) => pad(isoWeek(at)[0] % 100),
  G: (at) => String(isoWeek(at)[0]),
  h: (at) => (months[at.getMonth()] as string).slice(0, 3),
  H: (at) => pad(at.getHours()),
  I: (at) => pad(twelve(at)),
  j: (at) => pad(dayOfYear(at), 3),
  k: (at) => pad(at.getHours(), 2, ' '),
  l: (at) => pad(twelve(at), 2, ' '),
  m: (at) => pad(at.getMonth() + 1),
  M: (at) => pad(at.getMinutes()),
  n: () => '\n',
  p: (at) => (at.getHours() < 12 ? 'AM' : 'PM'),
  P: (at) => (at.getHours() < 12 ? 'am' : 'pm'),
  r: (at) => strftime(at, '%I:%M:%S %p'),
  R: (at) => strftime(at, '%H:%M'),
  s: (at) => String(Math.floor(at.getTime() / 1000)),
  S: (at) => pad(at.getSeconds()),
  t: () => '\t',
  T: (at) => strftime(at, '%H:%M:%S'),
  u: (at) => String(at.getDay() || 7),
  U: (at) => pad(week(at, 0)),
  V: (at) => pad(isoWeek(at)[1]),
  w: (at) => String(at.getDay()),
  W: (at) => pad(week(at, 1)),
  x: (at) => strftime(at, '%m/%d/%y'),
  X: (at) => strftime(at, '%H:%M:%S'),
  y: (at) => pad(at.getFullYear() % 100),
  Y: (at) => String(at.getFullYear()),
  // The time has no zone, as in Python's datetime.now().
  z: () => '',
  Z: () => '',
  '%': () => '%',
};

/** Format local time with Python's format codes, in the C locale. Codes such as `%-d` omit the padding. */
export function strftime(at: Date, format: string): string {
  return format.replace(/%([-_0^#]?)([a-zA-Z%])/g, (whole, change: string, letter: string) => {
    const directive = Object.hasOwn(directives, letter) ? directives[letter] : undefined;
    if (!directive) throw new UnsupportedError(`strftime_now's ${whole}`);
    const written = directive(at);
    if (change === '-') return written.replace(/^[0 ]+(?=.)/, '');
    if (change === '_') return written.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length));
    return change === '^' ? written.toUpperCase() : written;
  });
}

import { byteSize, cell, clip, columns, Palette, printable, significant, wrap } from '../../../lib/cli/render/text';

test('columns counts what a terminal shows', () => {
  expect(columns('abc')).toBe(3);
  expect(columns('日本')).toBe(4);
  expect(columns('e\u0301')).toBe(1);
  expect(columns('👍🏽')).toBe(2);
  expect(columns('')).toBe(0);
});

test('clip and cell keep to their width', () => {
  expect(clip('letters', 7)).toBe('letters');
  expect(clip('letters', 4)).toBe('let…');
  expect(clip('日本語', 4)).toBe('日…');
  for (const text of ['', 'ab', '日本語日本語', 'letters and more']) expect(columns(cell(text, 5))).toBe(5);
});

test('printable text can do nothing to a terminal', () => {
  expect(printable('a\nb\tc')).toBe('a⏎b⇥c');
  expect(printable('\u001b[2J\u202e\u009b')).toBe('\\u001b[2J\\u202e\\u009b');
});

test('significant formats with an exponent only if necessary', () => {
  expect([12.345, 0.012345, 123456, 1.5e-7, -3, 0, 1e7].map((value) => significant(value))).toEqual([
    '12.3',
    '0.0123',
    '123456',
    '1.50e-7',
    '-3.00',
    '0',
    '1.00e+7',
  ]);
});

test('byteSize formats in powers of a thousand', () => {
  expect([12, 1234, 5_000_000_000].map(byteSize)).toEqual(['12 bytes', '1.23 kB', '5.00 GB']);
});

test('wrap breaks text at the joint and indents further lines', () => {
  expect(wrap(['one', 'two', 'three'], ' > ', 10, '  ')).toEqual(['one > two', '  > three']);
  expect(wrap([], ' ', 10, '')).toEqual([]);
  expect(wrap(['a long word'], ' ', 5, '')).toEqual(['a lo…']);
});

test('colours only on a terminal, and not with NO_COLOR', () => {
  expect(new Palette({ isTTY: true }, {}).heading('x')).not.toBe('x');
  expect(new Palette({ isTTY: true }, { NO_COLOR: '1' }).heading('x')).toBe('x');
  expect(new Palette({ isTTY: true }, { TERM: 'dumb' }).heading('x')).toBe('x');
  expect(new Palette({}, {}).heading('x')).toBe('x');
});

import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { progressDisplay } from '../../../lib/cli/runtime/progress';

function stream(isTTY: boolean) {
  const sink = new PassThrough();
  const terminal = { isTTY, columns: 80, cursorTo: () => true, clearLine: () => true, moveCursor: () => true };
  return Object.assign(sink, terminal) as unknown as NodeJS.WriteStream & PassThrough;
}

test('in a pipe, one plain line for each phase', () => {
  const sink = stream(false);
  const display = progressDisplay(sink);
  for (const done of [0, 1, 2]) display.listener({ phase: 'load model', done, total: 2 });
  for (const done of [0, 5]) display.listener({ phase: 'attribute features', done, total: 10 });
  display.listener({ phase: 'rank', done: 0, total: 0 });
  display.stop();
  expect(String(sink.read())).toBe('load model: 0 of 2\nattribute features: 0 of 10\nrank\n');
});

test('on a terminal, a bar that fits 80 columns and is cleared', () => {
  const sink = stream(true);
  const display = progressDisplay(sink);
  display.listener({ phase: 'attribute features', done: 7500, total: 7500 });
  display.print('a warning');
  display.stop();
  display.stop();
  const text = String(sink.read());
  expect(text).toMatch(/attribute features/);
  expect(text).toContain('\u001b[Ka warning\n');
  const plain = stripVTControlCharacters(text);
  expect(Math.max(...plain.split(/[\r\n]/).map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('stopping what never began does nothing', () => {
  const sink = stream(true);
  progressDisplay(sink).stop();
  expect(sink.read()).toBeNull();
});

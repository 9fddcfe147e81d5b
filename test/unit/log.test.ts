import { pino } from 'pino';
import { setLogger } from '../../lib';
import { log } from '../../lib/log';

// Field faults b9: a logger had to be one of pino's, which the user had to install.

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
afterEach(() => setLogger(silent));

test('a logger of pino gets details and message', () => {
  const lines: string[] = [];
  setLogger(pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }));
  log().warn({ layer: 3 }, 'look');
  log().info('nothing');
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ layer: 3, msg: 'look' })]);
});

test('so does any object with the four methods, as the console', () => {
  const warn = jest.fn();
  setLogger({ ...silent, warn });
  log().warn({ layer: 3 }, 'look');
  log().warn('twice');
  expect(warn.mock.calls).toEqual([[{ layer: 3 }, 'look'], ['twice']]);
  setLogger(console);
});

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readJsonFile, readJsonObject } from '../../../lib/io/files';
import { parseJson } from '../../../lib/json';
import { Random } from '../../../lib/random';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';

/** A value of any shape, at most so many levels deep. */
function randomValue(random: Random, depth: number): unknown {
  const kind = Math.floor(random.uniform() * (depth > 0 ? 7 : 5));
  const texts = ['', 'a', '"', '\\', '[[[', '{"', ']', ',', '\u2028', 'é🙂', '\\"', '\n'];
  const count = Math.floor(random.uniform() * 4);
  const text = () => texts[Math.floor(random.uniform() * texts.length)] as string;
  if (kind === 0) return null;
  if (kind === 1) return random.uniform() < 0.5;
  if (kind === 2) return Math.round(random.uniform() * 1e6) / 8;
  if (kind < 5) return text() + text();
  const values = Array.from({ length: count }, () => randomValue(random, depth - 1));
  return kind === 5 ? values : Object.fromEntries(values.map((value, i) => [`${text()}${i}`, value]));
}

describe('parseJson', () => {
  test('is JSON.parse, for values of any shape', () => {
    const random = new Random(5);
    for (let i = 0; i < 500; i++) {
      const value = randomValue(random, 5);
      for (const space of [0, 2]) expect(parseJson(JSON.stringify(value, null, space))).toEqual(value);
    }
  });

  test('throws the error of JSON.parse for invalid JSON', () => {
    for (const text of ['', '{', '[1,]', '"', '"\\', 'tru', '{"a":1}}', ']]]]', '\u0000']) {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    }
  });

  // Field faults, section 6, M1: JSON.parse takes about 50 bytes a bracket.
  test.each([
    ['lists in lists', '['.repeat(2e6)],
    ['objects in objects', '{"a":'.repeat(1e6)],
    ['lists and objects in turn', '[{"a":'.repeat(1e6)],
    ['brackets after long texts', `["${'['.repeat(1e6)}",${'['.repeat(1e6)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parseJson(text)).toThrow(/brackets nested more than 100 deep/);
  });

  test.each([
    ['lists', `[${'[],'.repeat(1e5)}[]]`],
    ['objects', `[${'{},'.repeat(1e5)}{}]`],
    ['numbers', `[${'0,'.repeat(9e5)}0]`],
  ])('refuses more %s than the limit of memory allows', (_, text) => {
    expect(() => parseJson(text, { maxMemory: 7e6 })).toThrow(/more than 7000000 bytes of memory/);
    expect(parseJson(text, { maxMemory: 8e6 })).toHaveProperty('length', text.split(',').length);
  });

  test('brackets, commas and quotes in texts count for nothing', () => {
    const text = JSON.stringify(['[{,'.repeat(1e5), '\\"[[['.repeat(1e5)]);
    expect(parseJson(text, { maxDepth: 1, maxMemory: 100 })).toHaveLength(2);
  });

  test('refuses texts that are too long', () => {
    expect(() => parseJson('[1, 2]', { maxLength: 5 })).toThrow(/6 characters, more than the limit of 5/);
  });
});

describe('JSON files', () => {
  const fileOf = (text: string) => {
    const file = path.join(temporaryFolder(), 'x.json');
    writeFileSync(file, text);
    return file;
  };

  test('refuse what takes far more memory than it is long', async () => {
    const file = fileOf('['.repeat(1e6));
    await expectRejection(
      readJsonFile(file),
      'ERR_FILE_FORMAT',
      /x\.json: expected JSON, found brackets nested more than/,
    );
    await expectRejection(readJsonObject(file), 'ERR_FILE_FORMAT', /brackets/);
  });

  test('are not read when they are larger than their reader allows', async () => {
    await expectRejection(
      readJsonFile(fileOf(' '.repeat(99)), { maxLength: 98 }),
      'ERR_FILE_FORMAT',
      /at most 98 bytes/,
    );
  });
});

import { deflateRawSync } from 'node:zlib';
import { unpackView } from '../../../lib/graph-file/packed-view';
import { readSavedView, writeSavedView } from '../../../lib/graph-file/view';
import { cpuTime } from '../../support/cpu-time';

const picked = {
  pins: ['3_120_5', 'E_7_5'],
  groups: [
    { label: 'say "capital", 100%', members: ['3_120_5', '4_6_2'] },
    { label: '', members: [] },
  ],
  labels: [['3_120_5', 'Texas']],
} as const;
const written = writeSavedView(picked);
const json = {
  pinnedIds: JSON.stringify(written.pinnedIds),
  supernodes: JSON.stringify(written.supernodes),
  clerps: JSON.stringify(written.clerps),
};
const encoded = Object.fromEntries(Object.entries(json).map(([name, text]) => [name, encodeURIComponent(text)]));

test.each([
  ['lists', written],
  ['JSON', json],
  ['JSON encoded once more', encoded],
  ['ids joined by commas and an object', { ...written, pinnedIds: '3_120_5,E_7_5', clerps: { '3_120_5': 'Texas' } }],
])('what is written is read back from %s', (_, params) => {
  expect(readSavedView(params)).toEqual({ ...picked, problems: [] });
});

test('an empty view differs from a view with empty lists', () => {
  const nothing = { pins: undefined, groups: undefined, labels: undefined, problems: [] };
  expect(readSavedView({})).toEqual(nothing);
  expect(readSavedView({ pinnedIds: null, supernodes: null, clerps: null })).toEqual(nothing);
  expect(readSavedView({ pinnedIds: '', supernodes: '', clerps: '' })).toEqual({
    pins: [],
    groups: [],
    labels: [],
    problems: [],
  });
});

test.each([
  [{ pinnedIds: 7 }, 'pinnedIds', 'node ids'],
  [{ pinnedIds: ['a', null] }, 'pinnedIds', 'node ids'],
  [{ supernodes: '[[' }, 'supernodes', 'JSON'],
  [{ supernodes: 'x' }, 'supernodes', 'JSON'],
  [{ supernodes: [['a'], 'b'] }, 'supernodes', '[[label, id, ...], ...]'],
  [{ supernodes: { a: ['b'] } }, 'supernodes', '[[label, id, ...], ...]'],
  [{ clerps: '[' }, 'clerps', 'JSON'],
])('%j is told of', (params, field, expected) => {
  const [found] = Object.values(params);
  expect(readSavedView(params).problems).toEqual([{ field, expected, found }]);
});

test('valid entries are read beside invalid ones', () => {
  const params = {
    pinnedIds: ['a', {}, 7],
    supernodes: [['x', 'a', null], 7],
    clerps: [['a'], 3, ['b', 'B'], ['', 'C']],
  };
  expect(readSavedView(params)).toMatchObject({
    pins: ['a', '7'],
    groups: [
      { label: 'x', members: ['a'] },
      { label: '', members: [] },
    ],
    labels: [['b', 'B']],
  });
});

test('JSON in a field is as guarded as that of files', () => {
  const deep = '['.repeat(1e6);
  expect(readSavedView({ supernodes: deep }).problems).toHaveLength(1);
  // JSON.parse would make an array for each of the million brackets.
  const once = cpuTime(() => JSON.stringify([deep, deep, deep]));
  expect(cpuTime(() => readSavedView({ supernodes: deep, pinnedIds: deep, clerps: deep }))).toBeLessThan(50 * once);
});

const pack = (text: string | Buffer) => deflateRawSync(text).toString('base64url');

test('a view survives packing into a URL', () => {
  const view = { pinnedIds: Array.from({ length: 20_000 }, (_, i) => `3_${i}_5 é`) };
  expect(unpackView(pack(JSON.stringify(view)))).toEqual(view);
});

test.each([
  ['nothing', ''],
  ['no base64', '%%%'],
  ['what is not deflated', Buffer.from('{"a":1}').toString('base64url')],
  ['half of one', pack(JSON.stringify({ a: 'text '.repeat(100), b: Math.PI })).slice(0, 20)],
  ['no JSON', pack('x')],
  ['a list', pack('[]')],
  ['deep lists', pack('['.repeat(200_000))],
])('%s is no packed view', (_, packed) => {
  expect(unpackView(packed)).toBeUndefined();
});

test('one that grows beyond all views is none', () => {
  const packed = pack(Buffer.alloc(2 ** 25, ' '));
  expect(packed.length).toBeLessThan(2 ** 16);
  expect(unpackView(packed)).toBeUndefined();
});

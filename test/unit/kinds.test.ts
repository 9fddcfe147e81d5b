import { callOptions } from '../../lib/call-options';
import { deviceKind, deviceListKind } from '../../lib/engine/device';
import { dtypeKind } from '../../lib/engine/load-options';
import { freezeOptions } from '../../lib/intervention/options';
import { boolean, integer, integerOrAll, integerOrAuto, type Kind, number, positiveShare, text } from '../../lib/kinds';

const taken = (kind: Kind<unknown>, given: string) => kind.check(kind.read(given), '--flag');

// What a flag's text comes to.
test.each<[string, Kind<unknown>, [string, unknown][]]>([
  ['integer', integer(1), [['256', 256]]],
  [
    'integerOrAuto',
    integerOrAuto(1),
    [
      ['256', 256],
      ['auto', 'auto'],
    ],
  ],
  [
    'integerOrAll',
    integerOrAll(1),
    [
      ['256', 256],
      ['all', Infinity],
    ],
  ],
  [
    'number',
    number(),
    [
      ['-1.5', -1.5],
      ['1e-4', 1e-4],
      ['.5', 0.5],
    ],
  ],
  [
    'positiveShare',
    positiveShare,
    [
      ['1', 1],
      ['0.1', 0.1],
    ],
  ],
  ['text', text, [['5', '5']]],
  [
    'dtype',
    dtypeKind,
    [
      ['bf16', 'bfloat16'],
      ['float16', 'float16'],
    ],
  ],
  ['device', deviceKind, [['cuda:3', 'cuda:3']]],
  [
    'devices',
    deviceListKind,
    [
      ['cpu', ['cpu']],
      ['cuda:0, cuda:1', ['cuda:0', 'cuda:1']],
    ],
  ],
  [
    'layers',
    freezeOptions.constrainedLayers.kind,
    [
      ['2..5', { start: 2, stop: 5 }],
      ['2..', { start: 2 }],
      ['all', { start: 0 }],
    ],
  ],
])('%s reads text', (_, kind, cases) => {
  for (const [given, expected] of cases) expect(taken(kind, given)).toEqual(expected);
});

test.each<[string, Kind<unknown>, string[], RegExp]>([
  [
    'integer',
    integer(1),
    ['0', '-1', '1.5', '', 'x', '1e3', 'Infinity', '0x10'],
    /^--flag must be a whole number of 1 or more; found/,
  ],
  ['integerOrAuto', integerOrAuto(1, 9), ['10', 'all', 'Auto'], /whole number from 1 to 9, or 'auto'; found/],
  ['integerOrAll', integerOrAll(1), ['0', 'auto', 'Infinity'], /or more, or Infinity for all; found/],
  ['number', number(0), ['-1', '', ' ', 'NaN', 'Infinity', 'x'], /^--flag must be a finite number of 0 or more; found/],
  ['positiveShare', positiveShare, ['0', '1.1', 'x'], /greater than 0 and at most 1; found/],
  ['text', text, [''], /at least one character/],
  ['dtype', dtypeKind, ['fp8'], /one of 'float32', 'bfloat16', 'float16'; found "fp8"/],
  ['device', deviceKind, ['gpu'], /must be 'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'; found "gpu"/],
  ['devices', deviceListKind, ['cpu,gpu'], /found "cpu", "gpu"/],
  ['layers', freezeOptions.constrainedLayers.kind, ['2', '..5', 'none'], /\{ start, stop \} or a list/],
])('%s refuses other text', (_, kind, cases, message) => {
  for (const given of cases) expect(() => taken(kind, given)).toThrow(message);
});

test('values of other types are refused', () => {
  expect(() => boolean.check('yes', 'verbose')).toThrow(/^verbose must be true or false; found "yes"/);
  expect(() => callOptions.signal.kind.check({}, 'signal')).toThrow(/^signal must be an AbortSignal/);
  expect(() => callOptions.onProgress.kind.check(1, 'onProgress')).toThrow(/^onProgress must be a function/);
  expect(() => integerOrAuto(1).check(null, 'batchSize')).toThrow(/found null/);
});

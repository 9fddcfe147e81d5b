import { positionsBetween, resolvePositions } from '../../../lib/intervention/positions';
import type { Position } from '../../../lib/intervention/types';

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(message) });

const resolve = (position: unknown, generating = false) =>
  resolvePositions(position as Position, 5, generating, 'interventions[2].position');

test.each<[Position, number[]]>([
  [0, [0]],
  [-1, [4]],
  [-5, [0]],
  [
    [3, -2, 0],
    [3, 3, 0],
  ],
  [{ start: 1, stop: 3 }, [1, 2]],
  [{ start: -2 }, [3, 4]],
  [{ start: 0, stop: -3 }, [0, 1]],
  [{ start: 3, stop: null }, [3, 4]],
])('%j in a prompt of five', (position, expected) => {
  const resolved = resolve(position);
  expect(resolved.inPrompt).toEqual(expected);
  expect(positionsBetween(resolved, 5, 0, 5)).toEqual(expected);
});

test('only open-ended ranges reach generated positions', () => {
  expect(positionsBetween(resolve({ start: 3 }, true), 5, 0, 7)).toEqual([3, 4, 5, 6]);
  expect(positionsBetween(resolve({ start: 3 }, true), 5, 6, 7)).toEqual([6]);
  expect(positionsBetween(resolve({ start: 6 }, true), 5, 5, 6)).toEqual([]);
  expect(positionsBetween(resolve({ start: 6 }, true), 5, 0, 8)).toEqual([6, 7]);
  expect(positionsBetween(resolve({ start: 0, stop: 5 }, true), 5, 5, 6)).toEqual([]);
  expect(positionsBetween(resolve(-1, true), 5, 5, 6)).toEqual([]);
});

test.each<[unknown, RegExp]>([
  [5, /interventions\[2\]\.position in a prompt of 5 tokens.*-5 to 4; found 5/],
  [-6, /found -6/],
  [1.5, /found 1\.5/],
  [[], /at least one position/],
  [[0, 9], /position\[1\].*found 9/],
  [{ start: 2, stop: 2 }, /none from 2 to 2/],
  [{ start: 2, stop: 6 }, /position\.stop.*found 6/],
  [{ start: 5 }, /open-ended.*this call generates no tokens/],
  [{ begin: 5 }, /no 'begin'/],
  ['all', /found "all"/],
  [null, /found null/],
])('%j is refused', (position, message) => {
  expect(() => resolve(position)).toThrow(refusal(message));
});

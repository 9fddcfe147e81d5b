import { groupEdges, type Link } from '../../../lib/graph-file/group-edges';
import { digits } from '../../support/bounds';

const link = (source: string, target: string, weight: number): Link<string> => ({ source, target, weight });

test('between single nodes an edge is the share of the target input', () => {
  const links = [link('a', 'c', 3), link('b', 'c', -1), link('error', 'c', 4)];
  expect(groupEdges(links, [['a'], ['b'], ['c']])).toEqual([
    { from: 0, to: 2, weight: 3 / 8 },
    { from: 1, to: 2, weight: -1 / 8 },
  ]);
});

test('members count by the share of their input that comes from outside; links inside are dropped', () => {
  // t1 has input 4, all from outside; t2 has 8, of which 6 from t1 and 2 from outside.
  const links = [link('s', 't1', 3), link('x', 't1', 1), link('t1', 't2', 6), link('s', 't2', -2)];
  const [edge, ...more] = groupEdges(links, [['s'], ['t1', 't2']]);
  expect(more).toEqual([]);
  // omega = 1 / 1.25 and 0.25 / 1.25
  expect(edge?.weight).toBeCloseTo((3 / 4) * 0.8 + (-2 / 2) * 0.2, digits.float64);
});

test('nodes without input, links of zero and no groups give no numbers that are not finite', () => {
  expect(groupEdges([link('a', 'b', 0)], [['a'], ['b']])).toEqual([{ from: 0, to: 1, weight: 0 }]);
  expect(groupEdges([], [['a'], ['b'], []])).toEqual([]);
  expect(groupEdges([link('a', 'b', 1)], [])).toEqual([]);
});

import { withView } from '../../../lib/server/view-text';
import { cpuTime } from '../../support/cpu-time';

const view = '{"new":[1]}';

test.each([
  ['{"a":1,"qParams":{"x":{"y":[1,"}"]}},"b":2}', '{"a":1,"qParams": {"new":[1]},"b":2}'],
  ['{ "qParams" : null }', '{ "qParams" : {"new":[1]}}'],
  ['{"qParams":1,"qParams":2}', '{"qParams":1,"qParams": {"new":[1]}}'],
  ['{"q\\u0050arams":1}', '{"q\\u0050arams": {"new":[1]}}'],
  [
    '{"a":{"qParams":1},"b":"qParams","c":[{"qParams":2}]}',
    '{\n"qParams": {"new":[1]},"a":{"qParams":1},"b":"qParams","c":[{"qParams":2}]}',
  ],
  ['{}', '{\n"qParams": {"new":[1]}}'],
  ['{ "\\"qParams\\\\":"\\\\", "b": "{\\"" }', '{\n"qParams": {"new":[1]}, "\\"qParams\\\\":"\\\\", "b": "{\\"" }'],
])('%s', (text, expected) => {
  const changed = withView(text, view);
  expect(changed).toBe(expected);
  expect(JSON.parse(changed)).toEqual({ ...JSON.parse(text), qParams: JSON.parse(view) });
});

// It takes a third of that; anything that looked at the text again for each node would take thousands of times as long.
test('a large file takes a time like that of reading it', () => {
  const nodes = Array.from({ length: 50_000 }, (_, i) => ({ node_id: `1_${i}_2`, clerp: 'a "quoted" word' }));
  const text = JSON.stringify({ nodes, qParams: {}, links: nodes });
  expect(JSON.parse(withView(text, view)).qParams).toEqual({ new: [1] });
  expect(cpuTime(() => withView(text, view))).toBeLessThan(10 * cpuTime(() => JSON.parse(text)));
});

import { spawnSync } from 'node:child_process';
import path from 'node:path';

// The core by itself: a C++ program of golden numbers (native/test/core), without Node and without the binding.

const suffix = process.platform === 'win32' ? '.exe' : '';
const program = path.join(__dirname, '..', '..', '..', 'build', 'Release', `circuit_tracer_core_test${suffix}`);

test('the core matches values computed by hand', () => {
  const { status, stdout, stderr, error } = spawnSync(program, { encoding: 'utf8', timeout: 60_000 });
  expect(error).toBeUndefined();
  const lines = stdout.trim().split('\n');
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect(lines.length).toBeGreaterThan(10);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cliScript } from '../../support/child';
import { temporaryFolder } from '../../support/temporary-folder';

test('demo shows the circuit, proves it and writes its files, in 80 columns', () => {
  const cwd = temporaryFolder();
  const { status, stdout } = spawnSync(process.execPath, [cliScript, 'demo', '--out', 'out'], {
    cwd,
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(/Texas @Dallas +\d feat\. +← \d+% " Dallas"/);
  expect(stdout).toMatch(/Austin +█+ +\d.*Sacramento +█+ /);
  expect(stdout).toContain('circuit-tracer start-server --graph-file-dir out');
  expect(stdout.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
  for (const name of ['dallas.json', 'dallas.safetensors', 'graph-metadata.json']) {
    expect(existsSync(path.join(cwd, 'out', name))).toBe(true);
  }
});

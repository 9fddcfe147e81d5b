import { compareVersions, holds, meets, parseRequirement, requirementsIn } from '../../../lib/libtorch/requirement';
import type { Machine } from '../../../lib/libtorch/wheel-name';

const linux: Machine = { platform: 'linux', arch: 'x64', release: [2, 36] };
const windows: Machine = { platform: 'win32', arch: 'x64' };

test.each([
  ['2.13.0+cpu', ['==2.13.0+cpu'], true],
  ['2.13.0+cu130', ['==2.13.0+cpu'], false],
  ['2.13.0+cpu', ['==2.13.0'], true],
  ['2.13.0', ['==2.13.0+cpu'], false],
  ['2.13', ['==2.13.0'], true],
  ['2.13.0.post1', ['==2.13.0'], false],
  ['13.0.96', ['==13.0.*'], true],
  ['13.1.0', ['==13.0.*'], false],
  ['13.5.37', ['<14', '>=13.0.88'], true],
  ['13.0.9', ['<14', '>=13.0.88'], false],
  ['2.1.5', ['~=2.1.3'], true],
  ['2.2.0', ['~=2.1.3'], false],
  ['1.0', ['!=1.0'], false],
  ['14.0.0rc1', ['>=13'], false],
  ['14.0.0rc1', ['==14.0.0rc1'], true],
  ['1.0', [], true],
  ['1.0', ['nonsense'], false],
])('version %s and %j: %s', (version, conditions, expected) => {
  expect(meets(version, conditions)).toBe(expected);
});

test('versions are compared by number', () => {
  expect(compareVersions('9.20.0', '10.1')).toBeLessThan(0);
  expect(compareVersions('1.0', '1.0.0')).toBe(0);
  expect(compareVersions('1.0+b', '1.0+a')).toBeGreaterThan(0);
});

test.each([
  ['', true],
  ['platform_system == "Linux"', true],
  ["sys_platform == 'linux' and platform_machine == 'aarch64'", false],
  ["(sys_platform == 'linux' and platform_machine == 'aarch64' or platform_machine == 'x86_64')", true],
  ["(sys_platform == 'win32' or sys_platform == 'linux') and extra == 'all'", false],
  ['platform_system == "Linux" and python_version < "3.15"', true],
  ['python_version >= "3.9" and python_version != "3.12"', false],
  ["'linux' in sys_platform", true],
  ["sys_platform not in 'win32 darwin'", true],
  ['sys_platform == "linux" and', false],
  ['(sys_platform == "linux"', false],
  ['no marker at all', false],
])('marker %s on Linux: %s', (marker, expected) => {
  expect(holds(marker, linux)).toBe(expected);
});

test('requirements', () => {
  expect(parseRequirement('CUDA_Toolkit[cublas, nvrtc]==13.0.3; platform_system == "Linux"')).toEqual({
    project: 'cuda-toolkit',
    extras: ['cublas', 'nvrtc'],
    versions: ['==13.0.3'],
    marker: 'platform_system == "Linux"',
  });
  expect(parseRequirement('nccl (<14,>=13)')?.versions).toEqual(['<14', '>=13']);
  expect(parseRequirement('x @ https://example.org/x.whl')).toBeUndefined();
});

test('METADATA: only its head counts, and extras that are asked for', () => {
  const metadata = [
    'Name: cuda-toolkit',
    "Requires-Dist: nvidia-cublas==13.1.*; sys_platform == 'linux' and extra == 'cublas'",
    'Requires-Dist: nvidia-npp; extra == "npp"',
    'Requires-Dist: plain',
    '',
    'Requires-Dist: text',
  ].join('\r\n');
  const names = (machine: Machine, extras: string[]) =>
    requirementsIn(metadata, machine, extras).map(({ project }) => project);
  expect(names(linux, ['cublas'])).toEqual(['nvidia-cublas', 'plain']);
  expect(names(windows, ['cublas', 'npp'])).toEqual(['nvidia-npp', 'plain']);
});

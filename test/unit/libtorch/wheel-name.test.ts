import {
  fitsMachine,
  type Machine,
  parseWheelName,
  thisMachine,
  type WheelName,
} from '../../../lib/libtorch/wheel-name';

const linux: Machine = { platform: 'linux', arch: 'x64', release: [2, 28] };
const linuxArm: Machine = { ...linux, arch: 'arm64' };
const musl: Machine = { platform: 'linux', arch: 'x64' };
const mac: Machine = { platform: 'darwin', arch: 'arm64', release: [14, 99] };
const windows: Machine = { platform: 'win32', arch: 'x64' };

test('names', () => {
  expect(parseWheelName('nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl')).toEqual(
    {
      project: 'nvidia-cudnn-cu13',
      version: '9.20.0.48',
      python: 'py3',
      abi: 'none',
      platforms: ['manylinux2014_x86_64', 'manylinux_2_17_x86_64'],
    },
  );
  expect(parseWheelName('torch-2.13.0+cpu-1-cp311-cp311-win_amd64.whl')?.version).toBe('2.13.0+cpu');
  expect(parseWheelName('torch-2.13.0.tar.gz')).toBeUndefined();
});

test.each([
  ['manylinux_2_28_x86_64', linux, true],
  ['manylinux_2_34_x86_64', linux, false],
  ['manylinux2014_x86_64', linux, true],
  ['linux_x86_64', linux, true],
  ['manylinux_2_28_aarch64', linux, false],
  ['manylinux_2_28_aarch64', linuxArm, true],
  ['manylinux_2_28_x86_64', musl, false],
  ['musllinux_1_2_x86_64', linux, false],
  ['any', musl, true],
  ['macosx_14_0_arm64', mac, true],
  ['macosx_15_0_arm64', mac, false],
  ['macosx_11_0_universal2', mac, true],
  ['macosx_11_0_x86_64', mac, false],
  ['win_amd64', windows, true],
  ['win_arm64', windows, false],
  ['win_amd64', linux, false],
])('%s on %j: %s', (platform, machine, expected) => {
  const wheel = parseWheelName(`torch-2.13.0-cp312-cp312-${platform}.whl`) as WheelName;
  expect(fitsMachine(wheel, machine)).toBe(expected);
});

test('this machine has a release, unless it is Windows', () => {
  const { platform, release } = thisMachine();
  expect(release?.[0] ?? 0).toBeGreaterThanOrEqual(platform === 'win32' ? 0 : 2);
});

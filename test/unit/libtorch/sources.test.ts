import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { targetOf } from '../../../lib/libtorch/archive';
import { archiveUrl, driverCuda, kindsFor } from '../../../lib/libtorch/sources';
import { temporaryFolder } from '../../support/temporary-folder';

/** A machine whose nvidia-smi reports one device and this CUDA release. */
function machineWithCuda(release: string): Record<string, string> {
  const folder = temporaryFolder();
  const program = path.join(folder, 'nvidia-smi');
  const text = `if [ "$1" = -L ]; then echo "GPU 0: Some GPU (UUID: x)"; else echo "| CUDA Version: ${release} |"; fi`;
  writeFileSync(program, `#!/bin/sh\n${text}\n`);
  chmodSync(program, 0o755);
  return { PATH: `${folder}:${process.env.PATH}` };
}

test.each([
  ['13.2', ['cu132', 'cu130', 'cu126']],
  ['13.1', ['cu130', 'cu126']],
  ['12.8', ['cu126']],
  ['12.4', []],
])('a driver for CUDA %s gets %j', (release, kinds) => {
  expect(kindsFor('cuda', machineWithCuda(release))).toEqual(kinds);
});

test('without an NVIDIA driver, CUDA builds fall back to cu126', () => {
  expect(driverCuda({ PATH: '/nonexistent' })).toBeUndefined();
  expect(kindsFor('cuda', { PATH: '/nonexistent' })).toEqual(['cu126']);
  expect(kindsFor('cpu', {})).toEqual(['cpu']);
});

test('archives of each platform', () => {
  const base = 'https://download.pytorch.org/libtorch';
  expect(archiveUrl('cpu', 'linux', 'x64')).toBe(`${base}/cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip`);
  expect(archiveUrl('cu130', 'win32', 'x64')).toBe(`${base}/cu130/libtorch-win-shared-with-deps-2.13.0%2Bcu130.zip`);
  expect(archiveUrl('cpu', 'darwin', 'arm64')).toBe(`${base}/cpu/libtorch-macos-arm64-2.13.0.zip`);
  expect(archiveUrl('cpu', 'linux', 'arm64')).toBeUndefined();
});

test.each([
  ['libtorch/lib/libtorch_cpu.so', 'torch/lib/libtorch_cpu.so'],
  ['torch/lib/libgomp-98b21ff3.so.1', 'torch/lib/libgomp-98b21ff3.so.1'],
  ['torch/lib/libtorch_cuda_linalg.so', 'torch/lib/libtorch_cuda_linalg.so'],
  ['libtorch/lib/torch.lib', 'torch/lib/torch.lib'],
  ['torch/include/ATen/ATen.h', 'torch/include/ATen/ATen.h'],
  ['torch/share/cmake/Torch/TorchConfig.cmake', 'torch/share/cmake/Torch/TorchConfig.cmake'],
  ['torch/version.py', 'torch/version.py'],
  ['nvidia/cu13/lib/libcudart.so.13', 'nvidia/cu13/lib/libcudart.so.13'],
  ['torch/lib/libtorch_python.so', undefined],
  ['torch/lib/libjitbackend_test.so', undefined],
  ['torch/lib/libshm/manager', undefined],
  ['libtorch/lib/libprotobuf.a', undefined],
  ['torch/nn/functional.py', undefined],
  ['torch/include/', undefined],
  ['nvidia/cu13/include/cuda.h', undefined],
  ['sympy/core/basic.py', undefined],
])('%s goes to %s', (name, target) => {
  expect(targetOf(name)).toBe(target);
});

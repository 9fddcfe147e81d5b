import { CircuitTracerError } from '../errors';
import type { Kind } from '../kinds';
import { argumentError, describe, invalid } from '../validate';
import { binding } from './binding';

export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}` | 'mps';

const spelling = /^(auto|cpu|mps|cuda(:\d+)?)$/;

/** Whether a text is the name of a device, available or not. */
export function isDeviceName(text: unknown): text is Device {
  return typeof text === 'string' && spelling.test(text);
}

const flagSpelling = 'one of auto, cpu, cuda, cuda:N, mps';
const spellings = "'auto', 'cpu', 'cuda', 'cuda:N' or 'mps'";

export const deviceKind: Kind<Device> = {
  check: (value, name) => {
    if (isDeviceName(value)) return value;
    throw invalid(name, spellings, value);
  },
  read: (text) => text,
  spelling: flagSpelling,
};

/** A list of devices. On the command line: `cuda:0,cuda:1`. */
export const deviceListKind: Kind<readonly Device[]> = {
  check: (value, name) => {
    if (Array.isArray(value) && value.every(isDeviceName)) return value;
    const found = Array.isArray(value) ? value.map(describe).join(', ') : describe(value);
    throw argumentError(`${name} must be an array of ${spellings}; found ${found}.`);
  },
  read: (text) => text.split(',').map((name) => name.trim()),
  spelling: `a list of devices, each ${flagSpelling}`,
};

/**
 * The device for computation, as LibTorch spells it: `cpu`, `cuda:N` or `mps`.
 *
 * @param device `auto` (the default) selects the first CUDA device, otherwise Apple's GPU, otherwise the CPU.
 * @throws CircuitTracerError `ERR_DEVICE` when this machine or this build of LibTorch has no such device.
 */
export function resolveDevice(device: string = 'auto'): string {
  if (!isDeviceName(device)) throw invalid('device', spellings, device, 'ERR_DEVICE');
  if (device === 'cpu') return device;
  const { cudaDeviceCount, mpsAvailable } = binding();
  const count = cudaDeviceCount();
  if (device === 'auto') return count > 0 ? 'cuda:0' : mpsAvailable() ? 'mps' : 'cpu';
  if (device === 'mps')
    return mpsAvailable() ? device : absent(device, 'this build of LibTorch has no working MPS backend');
  const index = Number(device.split(':')[1] ?? 0);
  return index < count ? `cuda:${index}` : absent(device, cudaProblem(count));
}

function cudaProblem(count: number): string {
  if (count > 0) return `LibTorch sees ${count} CUDA device${count > 1 ? 's, 0 to' : ','} ${count - 1}`;
  return 'LibTorch sees no CUDA device (a CPU-only LibTorch, no NVIDIA driver, or no GPU)';
}

function absent(device: string, problem: string): never {
  throw new CircuitTracerError('ERR_DEVICE', `Device '${device}' is not available: ${problem}. Use 'cpu' or 'auto'.`);
}

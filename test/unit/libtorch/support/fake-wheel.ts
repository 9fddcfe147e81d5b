import { createHash } from 'node:crypto';
import path from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { libraryFile } from '../../../../lib/libtorch/folder';
import { pseudoRandom } from './fake-libtorch';

/** The part of a wheel's name for the machine that the tests run on. */
export const thisPlatform =
  process.platform === 'win32'
    ? 'win_amd64'
    : process.platform === 'darwin'
      ? 'macosx_11_0_arm64'
      : `manylinux_2_17_${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`;

export interface FakeWheel {
  readonly name: string;
  readonly bytes: Buffer;
  readonly metadata: string;
}

export interface TorchParts {
  readonly version?: string;
  readonly platform?: string;
  readonly python?: string;
  readonly cuda?: boolean;
  readonly requires?: readonly string[];
  /** Bytes of what is not needed, and of a library. */
  readonly unneeded?: number;
  readonly needed?: number;
  /** Change a needed file after RECORD was written. */
  readonly isForged?: boolean;
}

/** A wheel of torch as pip would take it; nothing in it can be loaded. */
export function torchWheel(parts: TorchParts = {}): FakeWheel {
  const { version = '2.13.0', platform = thisPlatform, python = 'cp312-cp312', unneeded = 2_000_000 } = parts;
  const libraries = ['torch', 'torch_cpu', 'c10', ...(parts.cuda ? ['torch_cuda'] : [])];
  const files: Record<string, Uint8Array> = {
    'functorch/data.bin': pseudoRandom(unneeded),
    'torch/version.py': strToU8(`__version__ = '${version}'\n`),
    'torch/include/torch/torch.h': strToU8('#pragma once\n'),
    'torch/lib/libtorch_python.so': strToU8('not needed'),
  };
  for (const name of libraries) files[`torch/lib/${path.basename(libraryFile('', name))}`] = strToU8(name);
  files['torch/lib/libpadding.so'] = pseudoRandom(parts.needed ?? 600_000);
  files['torch/nn/data.bin'] = pseudoRandom(unneeded);
  const name = `torch-${version}-${python}-${platform}.whl`;
  return pack(name, `torch-${version}`, files, parts.requires ?? ['filelock'], parts.isForged);
}

/** A wheel with libraries of NVIDIA, or without any. */
export function nvidiaWheel(project: string, version: string, library?: string, requires: string[] = []): FakeWheel {
  const files: Record<string, Uint8Array> = library ? { [`nvidia/cu13/lib/${library}`]: strToU8(project) } : {};
  const stem = `${project.replaceAll('-', '_')}-${version}`;
  return pack(`${stem}-py3-none-${library ? thisPlatform : 'any'}.whl`, stem, files, requires);
}

function pack(
  name: string,
  stem: string,
  files: Record<string, Uint8Array>,
  requires: readonly string[],
  isForged = false,
): FakeWheel {
  const [project, version] = stem.split('-');
  const head = [`Metadata-Version: 2.4`, `Name: ${project}`, `Version: ${version}`];
  const metadata = [...head, ...requires.map((text) => `Requires-Dist: ${text}`), '', 'Text', ''].join('\n');
  const all: Record<string, Uint8Array> = { ...files, [`${stem}.dist-info/METADATA`]: strToU8(metadata) };
  const record = Object.entries(all).map(
    ([file, bytes]) => `${file},sha256=${hash(bytes, 'base64url')},${bytes.length}`,
  );
  all[`${stem}.dist-info/RECORD`] = strToU8([...record, `${stem}.dist-info/RECORD,,`, ''].join('\n'));
  if (isForged) all['torch/include/torch/torch.h'] = strToU8('#pragma twice\n');
  return { name, bytes: Buffer.from(zipSync(all, { level: 0 })), metadata };
}

export function hash(bytes: Uint8Array | string, encoding: 'hex' | 'base64url' = 'hex'): string {
  return createHash('sha256').update(bytes).digest(encoding);
}

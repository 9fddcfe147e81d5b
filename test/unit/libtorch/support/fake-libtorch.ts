import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { libraryFile } from '../../../../lib/libtorch/folder';
import { temporaryFolder } from '../../../support/temporary-folder';

const libraries = ['torch', 'torch_cpu', 'c10'];

/** A folder that looks like LibTorch; nothing in it can be loaded. */
export function fakeLibTorch(version: string, folder = temporaryFolder(), cuda = false): string {
  mkdirSync(path.join(folder, 'lib'), { recursive: true });
  for (const name of [...libraries, ...(cuda ? ['torch_cuda'] : [])]) writeFileSync(libraryFile(folder, name), name);
  writeFileSync(path.join(folder, 'build-version'), `${version}+cpu\n`);
  return folder;
}

/** The bytes of an archive as the PyTorch project makes them; `padding` bytes that don't compress make it bigger. */
export function fakeArchive(version: string, padding = 0): Buffer {
  const files: Record<string, Uint8Array> = {
    'libtorch/build-version': strToU8(`${version}+cpu\n`),
    'libtorch/include/torch/torch.h': strToU8('#pragma once\n'),
    'libtorch/bin/protoc': strToU8('not needed'),
    'libtorch/lib/libtorch_python.so': strToU8('not needed'),
    'libtorch/lib/libprotobuf.a': strToU8('not needed'),
    'libtorch/share/padding': pseudoRandom(padding),
  };
  for (const name of libraries) files[`libtorch/lib/${path.basename(libraryFile('', name))}`] = strToU8(name);
  return Buffer.from(zipSync(files));
}

const made = new Map<number, Uint8Array>();

/** Bytes that do not compress, always the same. */
export function pseudoRandom(length: number): Uint8Array {
  const known = made.get(length);
  if (known) return known;
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 24;
  }
  made.set(length, bytes);
  return bytes;
}

import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { writeFileAtomically } from '../files';
import { global, type PickleValue, persistent, pickle, reduced, tuple, type Written } from '../pickle/pickle-writer';
import { type TorchDtype, torchItemSizes } from './torch-tensor';

const storageClasses = { float32: 'FloatStorage', int64: 'LongStorage' } as const;

/** A tensor to write. Its numbers are row-major and little-endian, and come piece by piece. */
export interface TorchTensorToWrite {
  readonly dtype: TorchDtype & keyof typeof storageClasses;
  readonly shape: readonly number[];
  readonly pieces: () => Iterable<Uint8Array>;
}

/** Collects the storages of the tensors in a value. */
export class TorchStorages {
  readonly tensors: TorchTensorToWrite[] = [];

  /** The size of all tensors in bytes. */
  get bytes(): number {
    return this.tensors.reduce((sum, tensor) => sum + byteSize(tensor), 0);
  }

  /** Add a tensor and return its pickle: a call that rebuilds it from its storage. */
  add(tensor: TorchTensorToWrite): Written {
    const key = String(this.tensors.push(tensor) - 1);
    const count = tensor.shape.reduce((product, size) => product * size, 1);
    const type = global({ module: 'torch', name: storageClasses[tensor.dtype] });
    const storage = persistent(tuple('storage', type, key, 'cpu', count));
    const noHooks = reduced(global({ module: 'collections', name: 'OrderedDict' }), tuple());
    const rebuild = global({ module: 'torch._utils', name: '_rebuild_tensor_v2' });
    return reduced(
      rebuild,
      tuple(storage, 0, tuple(...tensor.shape), tuple(...rowMajorStrides(tensor.shape)), false, noHooks),
    );
  }
}

function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, dim) => shape.slice(dim + 1).reduce((product, size) => product * size, 1));
}

/**
 * Write a file for `torch.load`: a zip archive of stored entries. It is streamed, so that no further tensor is held in
 * memory. The file is replaced atomically when complete.
 *
 * @param onWritten called with the bytes of each piece; an error it throws stops the write
 * @throws CircuitTracerError `ERR_FILE_WRITE`.
 */
export async function writeTorchArchive(
  path: string,
  value: PickleValue,
  storages: TorchStorages,
  onWritten?: (bytes: number) => void,
): Promise<void> {
  await writeFileAtomically(path, (handle) => writeEntries(handle, value, storages, onWritten));
}

function byteSize({ dtype, shape }: TorchTensorToWrite): number {
  return torchItemSizes[dtype] * shape.reduce((product, length) => product * length, 1);
}

async function writeEntries(
  handle: FileHandle,
  value: PickleValue,
  { tensors }: TorchStorages,
  onWritten?: (bytes: number) => void,
): Promise<void> {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error) => output.destroy(error));
  const stored = { compress: false, mtime: new Date(315_532_800_000), mode: 0o100644 };
  const add = (name: string, bytes: Buffer) => zip.addBuffer(bytes, `graph/${name}`, stored);
  add('data.pkl', pickle(value));
  add('byteorder', Buffer.from('little'));
  for (const [key, tensor] of tensors.entries()) {
    zip.addReadStreamLazy(`graph/data/${key}`, { ...stored, size: byteSize(tensor) }, (callback) =>
      callback(null, Readable.from(tensor.pieces(), { objectMode: false })),
    );
  }
  add('version', Buffer.from('3\n'));
  add('.data/serialization_id', Buffer.from(randomBytes(16).readBigUInt64LE().toString().padStart(40, '0')));
  zip.end();
  for await (const piece of output) {
    await handle.appendFile(piece as Buffer);
    onWritten?.((piece as Buffer).length);
  }
}

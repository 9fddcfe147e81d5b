import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openTorchFile } from '../../../lib/io/torch/open-torch-file';
import { expectRejection } from '../../support/expect-rejection';
import { zip } from '../../support/npz';
import { temporaryFolder } from '../../support/temporary-folder';

const code = (text: string) => Buffer.from(text, 'latin1');
const pickle = (...parts: (string | Buffer)[]) =>
  Buffer.concat([code('\x80\x02'), ...parts.map((part) => Buffer.from(part as string, 'latin1')), code('.')]);

type Members = Parameters<typeof zip>[0];

async function opened(pkl: Buffer, storages: Members = []): Promise<void> {
  const file = path.join(temporaryFolder(), 'g.pt');
  writeFileSync(file, zip([{ name: 'g/data.pkl', data: pkl }, ...storages]));
  const { close } = await openTorchFile(file, new Set());
  await close();
}

const many = 300_000;
/** Lists in lists: 2 ** 40 leaves when written out. */
const doubling = `]q\x00${Array.from({ length: 40 }, (_, i) => `]q${String.fromCharCode(i + 1)}(h${String.fromCharCode(i)}h${String.fromCharCode(i)}e`).join('')}`;
/** A storage of four float32, and a tensor of the given shape and strides in it. */
const tensor = (shape: string, strides: string) =>
  pickle(
    'ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\n',
    `U\x010U\x03cpuK\x04tQK\x00${shape}${strides}\x89ccollections\nOrderedDict\n)RtR`,
  );

test.each<[string, Buffer, RegExp]>([
  ['one value per byte on the stack', pickle('N'.repeat(many)), /creates more/],
  ['one mark per byte on the stack', pickle('('.repeat(many)), /creates more/],
  ['one memo entry per byte', pickle('N', '\x94'.repeat(many)), /in its memo/],
  ['a class named by lists in lists', pickle(doubling, 'U\x01a\x93'), /STACK_GLOBAL/],
  ['a repeated key of lists in lists', pickle(`}q\xf0(${doubling}Nh\x28Nu`), /twice/],
  ['a tensor that repeats four numbers without end', tensor('J\0\0\0\x40J\0\0\0\x40\x86', 'K\x00K\x00\x86'), /repeats/],
])('%s', async (_, bytes, names) => {
  const numbers = [{ name: 'g/data/0', data: Buffer.alloc(16) }];
  await expectRejection(opened(bytes, numbers), 'ERR_FILE_FORMAT', names);
});

test('the name of a storage of any length', async () => {
  const long = `X\x00\x00\x10\x00${'k'.repeat(2 ** 20)}`;
  const storage = pickle(`(U\x07storagectorch\nFloatStorage\n${long}U\x03cpuK\x04tQ`);
  const message = await opened(storage).catch((error: Error) => error.message);
  expect(message).toMatch(/BINPERSID/);
  expect((message as string).length).toBeLessThan(1000);
});

/** Five pickles in a row: magic number, protocol, system, value, keys. */
function oldFile(protocol: Buffer, keys: Buffer): string {
  const file = path.join(temporaryFolder(), 'old.pt');
  const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
  writeFileSync(file, Buffer.concat([magic, protocol, pickle('}'), pickle('}'), keys]));
  return file;
}

test.each<[string, Buffer, Buffer, RegExp]>([
  ['protocol', pickle('(', doubling, '1h\x28'), pickle(']'), /expected protocol 1001, found an array of 2/],
  ['keys of storages', pickle('M\xe9\x03'), pickle('](', '(', doubling, '1h\x28e'), /the listed storage an array of 2/],
])('lists in lists as %s of an old file', async (_, protocol, keys, names) => {
  await expectRejection(openTorchFile(oldFile(protocol, keys), new Set()), 'ERR_FILE_FORMAT', names);
});

test('a device made of lists in lists is no text', async () => {
  await opened(pickle('ctorch\ndevice\n(', doubling, '1h\x28\x85R'));
});

test('an entry that is said to reach past the end', async () => {
  const numbers = { name: 'g/data/0', data: Buffer.alloc(16) };
  const file = path.join(temporaryFolder(), 'g.pt');
  const bytes = zip([{ name: 'g/data.pkl', data: pickle('N') }, numbers]);
  const central = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1');
  bytes.writeUInt32LE(0x40000000, central + 20);
  bytes.writeUInt32LE(0x40000000, central + 24);
  writeFileSync(file, bytes);
  await expectRejection(openTorchFile(file, new Set()), 'ERR_FILE_FORMAT', /past the end/);
});

test('entries that share bytes', async () => {
  const file = path.join(temporaryFolder(), 'g.pt');
  const names = ['g/data.pkl', 'g/data/0', 'g/data/1'];
  const bytes = zip(names.map((name) => ({ name, data: pickle('N') })));
  const directory = bytes.indexOf('PK\x01\x02', undefined, 'latin1');
  const [second, third] = names.slice(1).map((name) => bytes.indexOf(name, directory, 'latin1') - 46) as [
    number,
    number,
  ];
  bytes.writeUInt32LE(bytes.readUInt32LE(second + 42), third + 42);
  writeFileSync(file, bytes);
  await expectRejection(openTorchFile(file, new Set()), 'ERR_FILE_FORMAT', /overlap/);
});

test('a storage that unpacks to a thousand times its size', async () => {
  const bomb = { name: 'g/data/0', data: Buffer.alloc(32 * 2 ** 20), deflate: true };
  await expectRejection(opened(pickle('N'), [bomb]), 'ERR_FILE_FORMAT', /suspicious compression ratio/);
});

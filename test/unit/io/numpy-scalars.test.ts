import { PickleRecord, unpickle } from '../../../lib/io/pickle/unpickle';
import { torchRules } from '../../../lib/io/torch/torch-classes';

const rules = torchRules(new Set(['a.Config']), (storage) => storage);
const read = (text: string) => unpickle(Buffer.from(`\x80\x02${text}.`, 'latin1'), rules).value;
const text = (value: string) =>
  `X${String.fromCharCode(Buffer.byteLength(value))}\0\0\0${Buffer.from(value).toString('latin1')}`;

/** `numpy.dtype(code, False, True)` with its state. */
const dtype = (code: string, order = '<') =>
  `cnumpy\ndtype\n${text(code)}\x89\x88\x87R(K\x03${text(order)}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb`;
/** How protocol 2 writes bytes, and how later ones do. */
const encoded = (bytes: Buffer) => `c_codecs\nencode\n${text(bytes.toString('latin1'))}${text('latin1')}\x86R`;
const plain = (bytes: Buffer) => `C${String.fromCharCode(bytes.length)}${bytes.toString('latin1')}`;
const scalar = (module: string, type: string, bytes: string) => `c${module}\nscalar\n${type}${bytes}\x86R`;

const bytesOf = (values: ArrayBufferView) => Buffer.from(values.buffer);
const half = bytesOf(Float64Array.of(0.5));

test.each([
  ['NumPy 1', 'numpy.core.multiarray'],
  ['NumPy 2', 'numpy._core.multiarray'],
])('a number of %s', (_, module) => {
  const root = bytesOf(Float64Array.of(Math.SQRT2));
  expect(read(scalar(module, dtype('f8'), encoded(root)))).toBe(Math.SQRT2);
  expect(read(scalar(module, dtype('f8'), plain(root)))).toBe(Math.SQRT2);
});

test.each<[string, string, Buffer, number]>([
  ['f4', '<', bytesOf(Float32Array.of(-1.5)), -1.5],
  ['f2', '<', Buffer.from([0x00, 0x3e]), 1.5],
  ['i8', '<', bytesOf(BigInt64Array.of(-7n)), -7],
  ['i4', '<', bytesOf(Int32Array.of(70_000)), 70_000],
  ['u1', '|', Buffer.from([200]), 200],
  ['b1', '|', Buffer.from([1]), 1],
])('a number of type %s', (code, order, bytes, expected) => {
  expect(read(scalar('numpy._core.multiarray', dtype(code, order), encoded(bytes)))).toBe(expected);
});

test('is a field of a configuration', () => {
  const scale = scalar('numpy._core.multiarray', dtype('f8'), encoded(half));
  const config = read(`ca\nConfig\n)\x81}${text('attn_scale')}${scale}sb`) as PickleRecord;
  expect(config).toBeInstanceOf(PickleRecord);
  expect(config.fields.get('attn_scale')).toBe(0.5);
});

test.each([
  ['objects', scalar('numpy._core.multiarray', dtype('O8'), plain(half)), /type/],
  [
    'a type that is a member of every object',
    scalar('numpy._core.multiarray', dtype('constructor'), plain(half)),
    /type/,
  ],
  ['big-endian', scalar('numpy._core.multiarray', dtype('f8', '>'), plain(half)), /little-endian/],
  ['too few bytes', scalar('numpy._core.multiarray', dtype('f8'), plain(half.subarray(1))), /bytes/],
  ['a type that is text', scalar('numpy._core.multiarray', text('f8'), plain(half)), /no dtype/],
  ['bytes in another encoding', `c_codecs\nencode\n${text('x')}${text('rot13')}\x86R`, /encodes/],
  ['bytes of a list', `c_codecs\nencode\n]${text('latin1')}\x86R`, /encodes/],
  ['an array', `cnumpy._core.multiarray\n_reconstruct\n)R`, /_reconstruct.*GLOBAL/],
])('refused: %s', (_, pickle, message) => {
  expect(() => read(pickle)).toThrow(message);
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Graph } from '../../../lib';
import { type PickleValue, pickle, reduced, tuple } from '../../../lib/io/pickle/pickle-writer';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import {
  entriesOf,
  type GraphParts,
  named,
  opcodes,
  smallGraph,
  tensor,
  writeArchive,
} from '../../support/torch-archive';

const folder = temporaryFolder();
const file = path.join(folder, 'graph.pt');
const canary = path.join(folder, 'canary');

async function refused(entries: Iterable<readonly [string, Buffer]>, message: RegExp, compress = false): Promise<void> {
  await writeArchive(file, entries, compress);
  await expectRejection(Graph.load(file), 'ERR_FILE_FORMAT', message);
}

/** The sound archive with another pickle. */
const withPickle = (bytes: Buffer) => entriesOf(smallGraph()).set('g/data.pkl', bytes);
const raw = (text: string) => Buffer.from(`\x80\x04${text}`, 'latin1');

test('the graph these files are made from is sound', async () => {
  await writeArchive(file, entriesOf(smallGraph()));
  expect((await Graph.load(file)).nNodes).toBe(7);
});

describe('code that a pickle would run', () => {
  const command = `echo x > ${canary}`;
  const calls: readonly [string, ...PickleValue[]][] = [
    ['os.system', command],
    ['posix.system', command],
    ['nt.system', command],
    ['subprocess.Popen', command],
    ['subprocess.check_output', command],
    ['builtins.eval', `__import__("os").system("${command}")`],
    ['builtins.exec', `__import__("os").system("${command}")`],
    ['builtins.compile', 'x', 'y', 'exec'],
    ['builtins.getattr', 'x', 'y'],
    ['builtins.__import__', 'os'],
    ['builtins.open', canary, 'w'],
    ['__builtin__.eval', '1'],
    ['importlib.import_module', 'os'],
    ['runpy._run_code', 'x'],
    ['pickle.loads', 'x'],
    ['_pickle.loads', 'x'],
    ['torch.load', canary],
    ['torch.hub.load', 'x/y', 'z'],
    ['torch.serialization.load', canary],
    ['torch.jit.load', canary],
    ['torch._utils._rebuild_tensor_v2.__globals__', 'x'],
    ['numpy.core.multiarray._reconstruct', 1],
    ['functools.partial', 'x'],
    ['operator.attrgetter', 'system'],
    ['copyreg._reconstructor', 'x'],
    ['copyreg.__newobj__', 'x'],
    ['codecs.encode', 'x', 'rot13'],
    ['webbrowser.open', 'http://localhost/'],
    ['shutil.rmtree', folder],
    ['pathlib.PosixPath', canary],
    ['collections.deque', []],
    ['circuit_tracer.graph.Graph', 'x'],
    ['torch.nn.modules.linear.Linear', 1, 2],
    ['transformers.models.auto.tokenization_auto.AutoTokenizer', 'x'],
  ];

  test.each(calls)('%s, named and called', async (full, ...args) => {
    await refused(withPickle(pickle(reduced(named(full), tuple(...args)))), new RegExp(`${full}.*GLOBAL`));
    expect(existsSync(canary)).toBe(false);
  });

  test.each(calls.slice(0, 12))('%s, named by values on the stack', async (full) => {
    const at = full.lastIndexOf('.');
    const text = (value: string) => `\x8c${String.fromCharCode(value.length)}${value}`;
    const bytes = raw(`${text(full.slice(0, at))}${text(full.slice(at + 1))}\x93(X\x01\0\0\0xtR.`);
    await refused(withPickle(bytes), new RegExp(`${full}.*STACK_GLOBAL`));
  });

  test.each([
    ['INST', '(X\x01\0\0\0xios\nsystem\n.', /INST/],
    ['OBJ', '(cos\nsystem\no.', /os\.system/],
    ['OBJ of a listed class', '(ccollections\nOrderedDict\no.', /OBJ/],
    ['EXT1', '\x82\x01.', /EXT1/],
    ['EXT2', '\x83\x01\x01.', /EXT2/],
    ['EXT4', '\x84\x01\x01\x01\x01.', /EXT4/],
    ['PERSID', 'Px\n.', /PERSID/],
    ['NEWOBJ_EX', 'ccollections\nOrderedDict\n)}\x92.', /NEWOBJ_EX/],
    ['a set', '\x8f.', /EMPTY_SET/],
    ['a buffer', '\x97.', /NEXT_BUFFER/],
    ['an unknown opcode', '\xff.', /0xff/],
  ])('by the opcode %s', (_, text, message) => refused(withPickle(raw(text)), message));

  test('hidden in the state of a listed class', async () => {
    const graph = smallGraph();
    graph.value.set('scan', opcodes('ccircuit_tracer.attribution.targets\nLogitTarget\n)\x81cos\nsystem\nb'));
    await refused(entriesOf(graph), /os\.system/);
  });

  test('in an old file without an archive', async () => {
    const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
    const rest = [pickle(1001), pickle(new Map()), pickle(reduced(named('os.system'), tuple(command)))];
    writeFileSync(file, Buffer.concat([magic, ...rest]));
    await expectRejection(Graph.load(file), 'ERR_FILE_FORMAT', /os\.system/);
    expect(existsSync(canary)).toBe(false);
  });
});

test.each([
  ['nothing', '', /found only|missing/],
  ['only an end', '.', /missing/],
  ['no end', ']', /expected .* bytes at byte/],
  ['two values', 'NN.', /left over/],
  ['a mark and no values', '(.', /missing/],
  ['a tuple without a mark', 'Nt.', /mark/],
  ['a call of text', 'X\x01\0\0\0x)R.', /not callable/],
  ['a call of a list', '])R.', /not callable/],
  ['a call without arguments', 'ccollections\nOrderedDict\nNR.', /not callable/],
  ['a call of a constant', 'ctorch\nfloat32\n)R.', /not callable/],
  ['state for a list', ']}b.', /BUILD/],
  ['state that is no dict', 'ccircuit_tracer.attribution.targets\nLogitTarget\n)\x81]X\x01\0\0\0xab.', /BUILD/],
  ['values appended to text', 'X\x01\0\0\0xNa.', /other than a list/],
  ['items set in a list', ']NNs.', /other than a dict/],
  ['an odd number of items', '}(Nu.', /other than a dict/],
  ['a key twice', '}(X\x01\0\0\0aNX\x01\0\0\0aNu.', /twice/],
  ['an empty memo', 'h\x05.', /memo 5/],
  ['text longer than the file', 'X\xff\xff\xff\x7fabc.', /expected .* bytes at byte/],
  ['text of 2^63 bytes', '\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.', /too large/],
  ['bytes of 4 GB', 'B\xff\xff\xff\xff.', /expected .* bytes at byte/],
  ['an integer of a megabyte', '\x8b\0\0\x10\0.', /too large/],
  ['an integer of negative length', '\x8b\xff\xff\xff\xff.', /bytes/],
  ['an integer beyond 2^53', '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.', /too large/],
  ['a decimal that is none', 'Iabc\n.', /decimal/],
  ['a line without end', 'I12', /no line break/],
  ['300,000 empty dicts', `(${'}'.repeat(300_000)}l.`, /more than 200000 values/],
  ['a list put into itself a million times', `]q\0${'h\0a'.repeat(1_000_000)}.`, /more than 200000 values/],
  ['lists within lists', `${']'.repeat(150_000)}${'a'.repeat(149_999)}.`, /no dict with an adjacency_matrix/],
  ['a persistent id of text', 'X\x01\0\0\0xQ.', /BINPERSID/],
  ['a persistent id of another kind', '(X\x01\0\0\0xNNNNtQ.', /BINPERSID/],
  ['a list for a graph', '].', /no dict/],
])('a pickle with %s', (_, text, message) => refused(withPickle(raw(text)), message));

const changed = (name: string, value: PickleValue) => (graph: GraphParts) => void graph.value.set(name, value);
const matrix = (parts: Partial<Parameters<typeof tensor>[0]>) =>
  changed('adjacency_matrix', tensor({ count: 49, shape: [7, 7], ...parts }));
const setStorage = (key: string, values: readonly number[], type: 'long' | 'float') => (graph: GraphParts) => {
  const bytes = type === 'long' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
  graph.storages.set(key, Buffer.from(bytes.buffer));
};

test.each<[string, (graph: GraphParts) => void, RegExp]>([
  ['no matrix', (graph) => graph.value.delete('adjacency_matrix'), /adjacency_matrix/],
  ['a matrix that is text', changed('adjacency_matrix', 'x'), /must be a tensor/],
  ['a flat matrix', matrix({ shape: [49] }), /shape/],
  ['a matrix that is not square', matrix({ shape: [1, 49] }), /\[7, 7\]/],
  ['a matrix of another size', matrix({ shape: [6, 6] }), /\[7, 7\]/],
  ['negative sizes', matrix({ shape: [-7, -7] }), /invalid shape/],
  ['sizes that overflow', matrix({ shape: [2 ** 40, 2 ** 40], strides: [0, 0] }), /repeats/],
  ['sizes that are fractions', matrix({ shape: [7.5, 7] }), /invalid shape/],
  ['more sizes than strides', matrix({ strides: [7] }), /invalid shape/],
  ['nine dimensions', matrix({ shape: [1, 1, 1, 1, 1, 1, 1, 7, 7] }), /invalid shape/],
  ['an offset past the end', matrix({ offset: 1 }), /reaches past/],
  ['a negative offset', matrix({ offset: -1 }), /invalid shape/],
  ['strides past the end', matrix({ strides: [8, 1] }), /reaches past/],
  ['negative strides', matrix({ strides: [-7, 1] }), /invalid shape/],
  ['a storage that is not there', matrix({ key: '99' }), /no data\/99/],
  ['a storage outside the folder', matrix({ key: '../../etc/passwd' }), /no data/],
  ['a storage that claims a terabyte', matrix({ count: 2 ** 38 }), /expected .* bytes .* in data/],
  ['a storage of negative size', matrix({ count: -49 }), /BINPERSID/],
  ['a storage of another type', matrix({ type: 'DoubleStorage' }), /expected .* bytes .* in data/],
  ['a storage of no known type', matrix({ type: 'QInt8Storage' }), /QInt8Storage/],
  ['inputs to errors', (graph) => graph.storages.get('0')?.writeFloatLE(1, 4 * (3 * 7 + 1)), /errors or tokens/],
  [
    'features of a single number',
    changed('active_features', tensor({ type: 'LongStorage', key: '1', count: 6, shape: [6] })),
    /shape/,
  ],
  [
    'features that are fractions',
    changed('selected_features', tensor({ key: '5', count: 2, shape: [2] })),
    /invalid shape|selected|twice|found/,
  ],
  ['a half token', changed('input_tokens', tensor({ key: '2', count: 1, shape: [1] })), /32-bit integers, found 0\.5/],
  ['tokens past 32 bits', setStorage('3', [1, 2 ** 40], 'long'), /32-bit integers, found 1099511627776/],
  ['tokens past the vocabulary', setStorage('3', [1, 10], 'long'), /tokens must be ids/],
  ['a negative token', setStorage('3', [1, -1], 'long'), /tokens must be ids/],
  ['a feature in no layer', setStorage('1', [0, 0, 5, 9, 1, 6], 'long'), /layer|order/],
  ['a feature at no position', setStorage('1', [0, 0, 5, 0, 9, 6], 'long'), /position/],
  ['a selection out of range', setStorage('4', [0, 2], 'long'), /select/],
  ['a selection in disorder', setStorage('4', [1, 0], 'long'), /select/],
  ['activations that are not finite', setStorage('5', [1, Number.NaN], 'float'), /finite/],
  [
    'fewer activations than features',
    changed('activation_values', tensor({ key: '2', count: 1, shape: [1] })),
    /activeFeatures/,
  ],
  ['a negative probability', setStorage('2', [-1], 'float'), /logits\[0\]\.weight/],
  [
    'more probabilities than outputs',
    changed('logit_probabilities', tensor({ key: '5', count: 2, shape: [2] })),
    /shape/,
  ],
  ['outputs that are numbers', changed('logit_targets', 5), /logit_targets/],
  ['outputs of text', changed('logit_targets', ['x']), /logit_targets/],
  ['outputs without a name', changed('logit_targets', [tuple(1, 2)]), /token_str/],
  ['a prompt that is no text', changed('input_string', 5), /input_string/],
  ['a scan that is a number', changed('scan', 5), /scan/],
  ['a config that is text', changed('cfg', 'x'), /cfg/],
  ['a config without sizes', changed('cfg', new Map()), /n_layers/],
  [
    'a billion layers',
    changed(
      'cfg',
      new Map([
        ['n_layers', 1e9],
        ['d_model', 4],
        ['d_vocab', 10],
      ]),
    ),
    /adjacency_matrix must be/,
  ],
  [
    'half a layer',
    changed(
      'cfg',
      new Map([
        ['n_layers', 1.5],
        ['d_model', 4],
        ['d_vocab', 10],
      ]),
    ),
    /adjacency_matrix|nLayers/,
  ],
  ['a negative vocabulary', changed('vocab_size', -3), /dVocab/],
])('a graph with %s', async (_, change, message) => {
  const graph = smallGraph();
  change(graph);
  await refused(entriesOf(graph), message);
});

/** Find a field of the zip's structures by its signature, and overwrite it. */
function patch(bytes: Buffer, signature: number, offset: number, write: (at: number) => void): void {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes.readUInt32LE(at) === signature) write(at + offset);
  }
}
const centralHeader = 0x02014b50;

test.each<[string, (bytes: Buffer) => Buffer | undefined, RegExp]>([
  ['is cut in half', (bytes) => bytes.subarray(0, bytes.length / 2), /torch\.save/],
  ['has lost its directory', (bytes) => bytes.subarray(0, -22), /torch\.save/],
  [
    'has changed numbers',
    (bytes) => void bytes.writeFloatLE(9, bytes.indexOf(Buffer.from(Float32Array.of(1, 2).buffer))),
    /checksum/,
  ],
  [
    'has encrypted entries',
    (bytes) => patch(bytes, centralHeader, 8, (at) => bytes.writeUInt16LE(1, at)) as undefined,
    /encrypted|mismatch/,
  ],
  [
    'is compressed in an unknown way',
    (bytes) => patch(bytes, centralHeader, 10, (at) => bytes.writeUInt16LE(99, at)) as undefined,
    /method 99/,
  ],
  [
    'stores more than it has',
    (bytes) => patch(bytes, centralHeader, 24, (at) => bytes.writeUInt32LE(0x7fffffff, at)) as undefined,
    /mismatch/,
  ],
  [
    'has entries past its end',
    (bytes) => patch(bytes, centralHeader, 42, (at) => bytes.writeUInt32LE(0x7fffffff, at)) as undefined,
    /torch\.save/,
  ],
])('an archive that %s', async (_, damage, message) => {
  await writeArchive(file, entriesOf(smallGraph()));
  const bytes = readFileSync(file);
  writeFileSync(file, damage(bytes) ?? bytes);
  await expectRejection(Graph.load(file), 'ERR_FILE_FORMAT', message);
});

test.each<[string, (entries: Map<string, Buffer>) => Iterable<readonly [string, Buffer]>, RegExp]>([
  ['no pickle', (entries) => [...entries].slice(1), /no data\.pkl/],
  ['an entry twice', (entries) => [...entries, ['g/data/0', Buffer.alloc(196)]], /twice/],
  ['big-endian numbers', (entries) => entries.set('g/byteorder', Buffer.from('big')), /big-endian/],
  ['a byte order of a megabyte', (entries) => entries.set('g/byteorder', Buffer.alloc(2 ** 20)), /larger than/],
  ['20,000 entries', (entries) => [...entries, ...many(20_000)], /more than 10000/],
  ['a pickle of 17 MB', (entries) => entries.set('g/data.pkl', Buffer.alloc(17 * 2 ** 20)), /larger than/],
])('an archive with %s', (_, change, message) => refused(change(entriesOf(smallGraph())), message));

function many(count: number): [string, Buffer][] {
  return Array.from({ length: count }, (_, i) => [`g/x${i}`, Buffer.alloc(0)]);
}

test('a compressed archive that claims more than deflate can hold', async () => {
  await writeArchive(file, entriesOf(smallGraph()), true);
  const bytes = readFileSync(file);
  patch(bytes, centralHeader, 24, (at) => bytes.writeUInt32LE(0x7fffffff, at));
  writeFileSync(file, bytes);
  await expectRejection(Graph.load(file), 'ERR_FILE_FORMAT', /impossible/);
});

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CircuitTracerError, Graph, readLabels } from '../../../lib';
import { PackedFeatures } from '../../../lib/harvest';
import { openCheckpoint } from '../../../lib/model/checkpoint';
import { planModel } from '../../../lib/model/families';
import { Random } from '../../../lib/random';
import { planTranscoders } from '../../../lib/transcoder';
import { modelDir, parityDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

const demo = path.join(__dirname, '..', '..', '..', 'lib', 'demo', 'transcoders');

interface Format {
  /** Copied for each damage. */
  readonly folder: string;
  /** Damaged, relative to the folder. */
  readonly file: string;
  /** Reads it, and all that its header promises. */
  readonly read: (folder: string) => Promise<unknown>;
}

const plan = (folder: string) => planTranscoders(folder);
const model = async (folder: string) => planModel(await openCheckpoint(folder));
const graph = (file: string) => (folder: string) => Graph.load(path.join(folder, file));

async function features(folder: string): Promise<void> {
  await using packed = await PackedFeatures.open(folder);
  for (const layer of packed.layers) {
    for (let i = 0; i < Math.min(20, packed.count(layer)); i++) await packed.read(layer, i);
  }
}

const formats: Record<string, () => Format> = {
  'a model in safetensors': () => ({ folder: modelDir('llama'), file: 'model.safetensors', read: model }),
  'the index of shards': () => ({ folder: modelDir('llama8b'), file: 'model.safetensors.index.json', read: model }),
  'config.json': () => ({ folder: modelDir('llama'), file: 'config.json', read: model }),
  'per-layer transcoders': () => ({ folder: transcoderDir('gpt2-plt-relu'), file: 'layer_1.safetensors', read: plan }),
  'cross-layer transcoders': () => ({
    folder: transcoderDir('llama-clt-jumprelu'),
    file: 'W_dec_0.safetensors',
    read: plan,
  }),
  'an npz': () => ({
    folder: transcoderDir('gemma-scope-tiny'),
    file: 'layer_1/width_16k/average_l0_21/params.npz',
    read: plan,
  }),
  'a deflated npz': () => ({
    folder: transcoderDir('gemma-scope-tiny'),
    file: 'layer_2/width_16k/average_l0_22/params.npz',
    read: plan,
  }),
  'config.yaml': () => ({ folder: transcoderDir('mistral-plt-relu'), file: 'config.yaml', read: plan }),
  'labels.json': () => ({ folder: withoutFeatures(), file: 'labels.json', read: readLabels }),
  'the index of features': () => ({ folder: path.join(demo, 'features'), file: 'index.json.gz', read: features }),
  'examples of features': () => ({ folder: path.join(demo, 'features'), file: 'layer_0.bin', read: features }),
  'a PyTorch graph': () => ({ folder: path.join(parityDir, 'pytorch'), file: 'now.pt', read: graph('now.pt') }),
  'a compressed PyTorch graph': () => ({
    folder: path.join(parityDir, 'pytorch'),
    file: 'compressed.pt',
    read: graph('compressed.pt'),
  }),
  'an old PyTorch graph': () => ({
    folder: path.join(parityDir, 'pytorch'),
    file: 'legacy.pt',
    read: graph('legacy.pt'),
  }),
  'a saved graph': () => ({ folder: savedGraph(), file: 'g.safetensors', read: graph('g.safetensors') }),
};

function withoutFeatures(): string {
  const folder = temporaryFolder();
  cpSync(path.join(demo, 'labels.json'), path.join(folder, 'labels.json'));
  return folder;
}

const graphFolder = temporaryFolder();
beforeAll(async () => {
  const small = await Graph.load(path.join(parityDir, 'pytorch', 'now.pt'));
  await small.save(path.join(graphFolder, 'g.safetensors'));
});
const savedGraph = () => graphFolder;

type Damage = (bytes: Buffer, random: Random) => Buffer;

const below = (random: Random, limit: number) => Math.floor(random.uniform() * limit);

/** Half of the time near the start, where headers are. */
function place(bytes: Buffer, random: Random): number {
  return below(random, random.uniform() < 0.5 ? Math.min(bytes.length, 256) : bytes.length);
}

const damages: Record<string, Damage> = {
  emptied: () => Buffer.alloc(0),
  'cut short': (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  'cut by a byte': (bytes) => bytes.subarray(0, -1),
  'with bytes changed': (bytes, random) => {
    for (let i = 0; i < 4; i++) bytes.writeUInt8(below(random, 256), place(bytes, random));
    return bytes;
  },
  'with a byte changed': (bytes, random) => {
    bytes.writeUInt8(below(random, 256), place(bytes, random));
    return bytes;
  },
  'with zeros': (bytes, random) => bytes.fill(0, place(bytes, random), place(bytes, random) + 64),
  'with a stretch twice': (bytes, random) => {
    const at = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 100))]);
  },
  'with a digit changed': (bytes, random) => {
    const digits = [...bytes.keys()].slice(0, 4096).filter((i) => /\d/.test(String.fromCharCode(bytes[i] ?? 0)));
    const at = digits[below(random, digits.length)];
    if (at !== undefined) bytes.write(String(below(random, 10)), at);
    return bytes;
  },
  'with random bytes': (bytes, random) => Buffer.from(bytes.subarray(0, 4096).map(() => below(random, 256))),
};

/** Damage may miss what is read; what it must never do is end in anything but a graph or a typed error. */
async function outcome({ folder, file, read }: Format, damage: Damage, seed: number): Promise<string> {
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  const target = path.join(copy, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, damage(readFileSync(path.join(folder, file)), new Random(seed)));
  try {
    await read(copy);
    return 'read';
  } catch (error) {
    if (error instanceof CircuitTracerError && error.code !== 'ERR_NATIVE') return error.code;
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
  }
}

describe.each(Object.keys(formats))('%s', (name) => {
  test.each(Object.keys(damages))('%s', async (kind) => {
    const format = (formats[name] as () => Format)();
    const outcomes = [];
    for (let seed = 1; seed <= 5; seed++) outcomes.push(await outcome(format, damages[kind] as Damage, seed));
    if (['emptied', 'with random bytes'].includes(kind) && name !== 'examples of features') {
      expect(outcomes).not.toContain('read');
    }
  });
});

import type { TranscoderPlan, TranscoderSpec } from '../../../lib/engine/transcoder-spec';
import type { TensorSource } from '../../../lib/io/tensor-source';
import { Transcoders } from '../../../lib/transcoder/transcoders';
import { expectBitEqual } from '../../support/compare';
import { float32Bytes } from '../../support/npz';
import { testDevice } from '../../support/use-case';

function source(name: string, values: number[], shape: number[]): TensorSource {
  return { name, data: float32Bytes(values), offset: 0, dtype: 'float32', shape, view: [] };
}

/** One layer whose pre-activations are its inputs. */
function identityPlan(size: number, change: Partial<TranscoderSpec>, threshold?: number[]): TranscoderPlan {
  const identity = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  const zeros = Array(size).fill(0);
  return {
    spec: {
      kind: 'perLayer',
      nLayers: 1,
      dModel: size,
      nFeatures: [size],
      featureInputHook: 'hook_resid_mid',
      featureOutputHook: 'hook_mlp_out',
      activation: 'relu',
      k: 0,
      hasSkip: false,
      scan: 'identity',
      modelName: '',
      ...change,
    },
    layers: [
      {
        encoder: source('encoder', identity, [size, size]),
        encoderBias: source('encoder bias', zeros, [size]),
        decoder: source('decoder', identity, [size, 1, size]),
        decoderBias: source('decoder bias', zeros, [size]),
        ...(threshold && { threshold: source('threshold', threshold, [size]) }),
      },
    ],
  };
}

async function activate(plan: TranscoderPlan, rows: number[][]): Promise<Float32Array> {
  const transcoders = await Transcoders.fromPlan(plan, { device: testDevice });
  try {
    return (await transcoders.encode(rows.flat())).data.map((value) => value + 0);
  } finally {
    await transcoders.dispose();
  }
}

test('ReLU keeps what is above zero', async () => {
  const found = await activate(identityPlan(4, {}), [[-1, 0, 0.5, 2]]);
  expectBitEqual('relu', found, Float32Array.of(0, 0, 0.5, 2));
});

test('JumpReLU keeps what is strictly above its threshold', async () => {
  const plan = identityPlan(5, { activation: 'jumprelu' }, [1, 0.5, 1.5, 2, 0.75]);
  const rows = [
    [-1, 0.5, 1, 1.5, 2],
    [2, 1, 2, 3, 0.5],
  ];
  expectBitEqual('jumprelu', await activate(plan, rows), Float32Array.of(0, 0, 0, 0, 2, 2, 1, 2, 3, 0));
});

test('JumpReLU keeps negative numbers above a negative threshold', async () => {
  const plan = identityPlan(3, { activation: 'jumprelu' }, [-1, -1, -1]);
  expectBitEqual('jumprelu', await activate(plan, [[-0.5, -1, -2]]), Float32Array.of(-0.5, 0, 0));
});

test('TopK keeps the k largest of each row', async () => {
  const plan = identityPlan(4, { activation: 'topk', k: 2 });
  const rows = [
    [1, 5, 3, 2],
    [4, 1, 6, 2],
  ];
  expectBitEqual('topk', await activate(plan, rows), Float32Array.of(0, 5, 3, 0, 4, 0, 6, 0));
});

test('TopK keeps negative numbers when they are the largest', async () => {
  const plan = identityPlan(4, { activation: 'topk', k: 2 });
  expectBitEqual('topk', await activate(plan, [[-3, -1, -2, -4]]), Float32Array.of(0, -1, -2, 0));
});

describe('calls that can not work', () => {
  let transcoders: Transcoders;
  const refuses = (promise: Promise<unknown>, message: RegExp) =>
    expect(promise).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringMatching(message),
    });

  beforeAll(async () => {
    const plan = identityPlan(4, { hasSkip: true });
    const skip = source('skip', Array(16).fill(0), [4, 4]);
    const layers = plan.layers.map((layer) => ({ ...layer, skip }));
    transcoders = await Transcoders.fromPlan({ ...plan, layers }, { device: testDevice });
  });
  afterAll(() => transcoders.dispose());

  test('arrays of a wrong size or with numbers that are not finite', async () => {
    await refuses(transcoders.encode([1, 2, 3]), /x must have shape \[1, rows, 4\]/);
    await refuses(transcoders.encode([1, 2, 3, Number.NaN]), /finite/);
    await refuses(transcoders.encodeLayer([1, 2, 3], 0), /x must have shape \[rows, 4\]/);
    await refuses(transcoders.encodeSparse([]), /found 0/);
    await refuses(transcoders.decode({ data: new Float32Array(4), shape: [1, 4, 1] }), /activations must have shape/);
  });

  test('layers, features and options out of range', async () => {
    await refuses(transcoders.encodeLayer([1, 2, 3, 4], 1), /layer must be/);
    await refuses(transcoders.decoderVectors(-1), /layer must be/);
    await refuses(transcoders.decoderVectors(0, [4]), /features must be whole numbers from 0 to 3/);
    await refuses(transcoders.encodeSparse([1, 2, 3, 4], { specialPositions: 2 }), /specialPositions/);
    await refuses(transcoders.encode([1, 2, 3, 4], { applyActivation: false } as never), /applyActivationFunction/);
    await refuses(Transcoders.load('anywhere', { qwenPrefix: 'eos' } as never), /qwenPrefix/);
    await refuses(Transcoders.load('anywhere', { lazyWeights: true } as never), /lazyWeights/);
  });

  test('a skip connection without inputs', async () => {
    const activations = await transcoders.encode([1, 2, 3, 4]);
    await refuses(
      transcoders.decode(activations),
      /inputs must be given, because these transcoders have a skip connection/,
    );
    await refuses(transcoders.decode(activations, [1, 2, 3]), /inputs must have shape \[1, 1, 4\]/);
    expect((await transcoders.decode(activations, [1, 2, 3, 4])).data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test('a plan whose weights are not what its spec says', async () => {
    const plan = identityPlan(4, {});
    const refusal = (change: Partial<TranscoderSpec>, message: RegExp) =>
      expect(Transcoders.fromPlan({ ...plan, spec: { ...plan.spec, ...change } })).rejects.toMatchObject({
        code: 'ERR_WEIGHT',
        message: expect.stringMatching(message),
      });
    await refusal({ activation: 'jumprelu' }, /layer 0: threshold: expected shape \[4\], found none/);
    await refusal({ hasSkip: true }, /layer 0: skip: expected shape \[4, 4\], found none/);
    await refusal({ nFeatures: [5] }, /layer 0: encoder \(encoder\): expected shape \[5, 4\], found shape \[4, 4\]/);
    await refuses(Transcoders.fromPlan({ ...plan, layers: [] }), /plan\.layers must be an array of 1/);
  });

  test('an aborted signal', async () => {
    const signal = AbortSignal.abort();
    await expect(transcoders.encode([1, 2, 3, 4], { signal })).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await expect(Transcoders.fromPlan(identityPlan(4, {}), { signal })).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  test('anything after dispose, which may be called twice', async () => {
    const disposed = await Transcoders.fromPlan(identityPlan(4, {}), { device: testDevice });
    await Promise.all([disposed.dispose(), disposed.dispose()]);
    await expect(disposed.encode([1, 2, 3, 4])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await expect(disposed.decoderVectors(0)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});

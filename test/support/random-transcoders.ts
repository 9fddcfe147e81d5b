import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ActivationFunction, keepsLargest } from '../../lib/engine/transcoder-spec';
import { writeSafetensors } from '../../lib/io/safetensors';
import { Random } from '../../lib/random';
import { float32Bytes, npy, zip } from './npz';
import { temporaryFolder } from './temporary-folder';

export const transcoderFormats = [
  'native-per-layer',
  'native-cross-layer',
  'gemma-scope-npz',
  'gemma-scope-2-per-layer',
  'gemma-scope-2-cross-layer',
] as const;
export type TranscoderFormatName = (typeof transcoderFormats)[number];

export interface RandomTranscoderOptions {
  readonly format: TranscoderFormatName;
  readonly nLayers?: number;
  readonly dModel?: number;
  readonly nFeatures?: number;
  readonly seed?: number;
  readonly activation?: ActivationFunction;
  readonly k?: number;
  /** Written where the format has room for it. */
  readonly skip?: boolean;
  /** Compress npz files. */
  readonly deflate?: boolean;
  /** Matrices of npz files in Fortran order. */
  readonly fortran?: boolean;
  /** Every third threshold is Infinity, and every third -Infinity. */
  readonly infinite?: boolean;
}

/** Weights of one layer as the maths has them, row-major. F features, D width, S layers written to. */
export interface PlainLayer {
  /** [F, D] */
  readonly encoder: Float32Array;
  /** [F] */
  readonly encoderBias: Float32Array;
  /** [F], jumprelu only */
  readonly threshold: Float32Array | undefined;
  /** [F, S, D] */
  readonly decoder: Float32Array;
  readonly span: number;
  /** [D] */
  readonly decoderBias: Float32Array;
  /** [out, in] */
  readonly skip: Float32Array | undefined;
}

export interface PlainTranscoders {
  readonly kind: 'perLayer' | 'crossLayer';
  readonly nLayers: number;
  readonly dModel: number;
  readonly nFeatures: number;
  readonly activation: ActivationFunction;
  readonly k: number;
  readonly layers: readonly PlainLayer[];
}

export interface RandomTranscoders {
  readonly dir: string;
  readonly plain: PlainTranscoders;
}

/** Write a folder of seeded random transcoders, and say what is in it. */
export async function writeRandomTranscoders(options: RandomTranscoderOptions): Promise<RandomTranscoders> {
  const dir = temporaryFolder();
  const plain = randomTranscoders(options);
  const writers = {
    'native-per-layer': writeNativePerLayer,
    'native-cross-layer': writeNativeCrossLayer,
    'gemma-scope-npz': writeNpz,
    'gemma-scope-2-per-layer': writeGemmaScope2,
    'gemma-scope-2-cross-layer': writeGemmaScope2,
  };
  const listed = await writers[options.format](dir, plain, options);
  const config = [
    'model_name: random',
    `model_kind: ${plain.kind === 'perLayer' ? 'transcoder_set' : 'cross_layer_transcoder'}`,
    'feature_input_hook: hook_resid_mid',
    'feature_output_hook: hook_mlp_out',
    ...(listed.length > 0 ? ['transcoders:', ...listed.map((path) => `- ${path}`)] : []),
    ...(keepsLargest(plain.activation) ? [`activation: ${plain.activation}`, `k: ${plain.k}`] : []),
  ];
  writeFileSync(join(dir, 'config.yaml'), `${config.join('\n')}\n`);
  return { dir, plain };
}

function randomTranscoders(options: RandomTranscoderOptions): PlainTranscoders {
  const { format, nLayers = 3, dModel = 16, nFeatures = 40, seed = 1, skip = false, infinite = false } = options;
  const kind = format.endsWith('cross-layer') ? 'crossLayer' : 'perLayer';
  const activation = options.activation ?? (format.startsWith('gemma') ? 'jumprelu' : 'relu');
  const random = new Random(seed);
  const layers = Array.from({ length: nLayers }, (_, layer): PlainLayer => {
    const span = kind === 'perLayer' ? 1 : nLayers - layer;
    return {
      encoder: random.normals(nFeatures * dModel, 0, 1 / Math.sqrt(dModel)),
      encoderBias: random.normals(nFeatures, -0.3, 0.3),
      // Some thresholds are below zero: JumpReLU then keeps negative numbers.
      threshold: activation === 'jumprelu' ? thresholds(random, nFeatures, infinite) : undefined,
      decoder: random.normals(nFeatures * span * dModel, 0, 1),
      span,
      decoderBias: random.normals(dModel, 0, 0.5),
      skip: skip ? random.normals(dModel * dModel, 0, 0.2) : undefined,
    };
  });
  return { kind, nLayers, dModel, nFeatures, activation, k: keepsLargest(activation) ? (options.k ?? 5) : 0, layers };
}

function thresholds(random: Random, count: number, infinite: boolean): Float32Array {
  const values = random.normals(count, 0.4, 0.5);
  return infinite ? values.map((value, f) => ([value, Infinity, -Infinity] as const)[f % 3] as number) : values;
}

async function writeNativePerLayer(dir: string, { layers, dModel, nFeatures }: PlainTranscoders): Promise<string[]> {
  for (const [layer, weights] of layers.entries()) {
    await writeArrays(join(dir, `layer_${layer}.safetensors`), {
      W_enc: [weights.encoder, [nFeatures, dModel]],
      W_dec: [weights.decoder, [nFeatures, dModel]],
      b_enc: [weights.encoderBias, [nFeatures]],
      b_dec: [weights.decoderBias, [dModel]],
      'activation_function.threshold': [weights.threshold, [nFeatures]],
      W_skip: [weights.skip, [dModel, dModel]],
    });
  }
  return [];
}

async function writeNativeCrossLayer(dir: string, { layers, dModel, nFeatures }: PlainTranscoders): Promise<string[]> {
  for (const [layer, weights] of layers.entries()) {
    await writeArrays(join(dir, `W_enc_${layer}.safetensors`), {
      [`W_enc_${layer}`]: [weights.encoder, [nFeatures, dModel]],
      [`b_enc_${layer}`]: [weights.encoderBias, [nFeatures]],
      [`b_dec_${layer}`]: [weights.decoderBias, [dModel]],
      [`threshold_${layer}`]: [weights.threshold, [nFeatures]],
      [`W_skip_${layer}`]: [transpose(weights.skip, dModel), [dModel, dModel]],
    });
    await writeArrays(join(dir, `W_dec_${layer}.safetensors`), {
      [`W_dec_${layer}`]: [weights.decoder, [nFeatures, weights.span, dModel]],
    });
  }
  return [];
}

async function writeNpz(
  dir: string,
  { layers, dModel, nFeatures }: PlainTranscoders,
  { deflate = false, fortran = false }: RandomTranscoderOptions,
): Promise<string[]> {
  return layers.map((weights, layer) => {
    const path = `layer_${layer}/width_40/average_l0_5/params.npz`;
    const arrays = {
      W_enc: matrix(transpose(weights.encoder, dModel), [dModel, nFeatures], fortran),
      W_dec: matrix(weights.decoder, [nFeatures, dModel], fortran),
      b_enc: npy(float32Bytes(weights.encoderBias), [nFeatures]),
      b_dec: npy(float32Bytes(weights.decoderBias), [dModel]),
      threshold: npy(float32Bytes(weights.threshold ?? []), [nFeatures]),
    };
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    const members = Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data, deflate }));
    writeFileSync(join(dir, path), zip(members));
    return path;
  });
}

/** As NumPy saves a matrix, or the transpose of its transpose. */
function matrix(values: Float32Array, [rows, columns]: readonly [number, number], fortran: boolean): Buffer {
  const ordered = fortran ? transpose(values, columns) : values;
  return npy(float32Bytes(ordered), [rows, columns], { fortran: fortran ? 'True' : 'False' });
}

async function writeGemmaScope2(dir: string, plain: PlainTranscoders): Promise<string[]> {
  const { layers, dModel, nFeatures, nLayers, kind } = plain;
  const paths: string[] = [];
  for (const [layer, weights] of layers.entries()) {
    const path = kind === 'perLayer' ? `layer_${layer}/params.safetensors` : `clt/params_layer_${layer}.safetensors`;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    await writeArrays(join(dir, path), {
      w_enc: [transpose(weights.encoder, dModel), [dModel, nFeatures]],
      w_dec:
        kind === 'perLayer'
          ? [weights.decoder, [nFeatures, dModel]]
          : [byOutputLayer(weights, layer, plain), [nFeatures, nLayers, dModel]],
      b_enc: [weights.encoderBias, [nFeatures]],
      b_dec: [weights.decoderBias, [dModel]],
      threshold: [weights.threshold, [nFeatures]],
      affine_skip_connection: [transpose(weights.skip, dModel), [dModel, dModel]],
    });
    paths.push(path);
  }
  // Published cross-layer lists have one entry more than there are layers.
  return kind === 'perLayer' ? paths : [...paths, paths.at(-1) ?? ''];
}

/** [F, S, D] into [F, L, D]; the entries below the own layer are never to be read: NaN. */
function byOutputLayer({ decoder, span }: PlainLayer, layer: number, { nFeatures, nLayers, dModel }: PlainTranscoders) {
  const all = new Float32Array(nFeatures * nLayers * dModel).fill(Number.NaN);
  for (let f = 0; f < nFeatures; f++) {
    all.set(decoder.subarray(f * span * dModel, (f + 1) * span * dModel), (f * nLayers + layer) * dModel);
  }
  return all;
}

/** [rows, columns] into [columns, rows]. */
export function transpose<T extends Float32Array | undefined>(matrix: T, columns: number): T | Float32Array {
  if (!matrix) return matrix;
  const rows = matrix.length / columns;
  return Float32Array.from(matrix, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
}

type Arrays = Record<string, [data: Float32Array | undefined, shape: number[]]>;

function writeArrays(path: string, arrays: Arrays): Promise<void> {
  const tensors = Object.entries(arrays).flatMap(([name, [data, shape]]) =>
    data ? [{ name, dtype: 'F32' as const, shape, data }] : [],
  );
  return writeSafetensors(path, tensors);
}

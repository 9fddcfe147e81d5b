import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TranscoderPlan } from '../../engine/transcoder-spec';
import { CircuitTracerError } from '../../errors';
import { checkFetchOptions, type FetchOptions, Hub } from '../../hub/plan';
import { readError } from '../../io/files';
import type { TranscoderConfig } from '../config';
import { locateTranscoders } from '../locate';
import { assemblePlan } from './assemble';
import type { LayerPlan, TranscoderFormat } from './format';
import { gemmaScope2CrossLayer } from './gemma-scope-2-cross-layer';
import { gemmaScope2PerLayer } from './gemma-scope-2-per-layer';
import { gemmaScopeNpz } from './gemma-scope-npz';
import { hasNativeCrossLayerFiles, readNativeCrossLayer } from './native-cross-layer';
import { nativePerLayer } from './native-per-layer';
import { missingLayer, numberedFiles } from './numbered-files';
import { WeightFile } from './weight-file';

/** The formats with one file per layer. The first that recognises a file is used. */
const formats: readonly TranscoderFormat[] = [
  gemmaScopeNpz,
  gemmaScope2PerLayer,
  gemmaScope2CrossLayer,
  nativePerLayer,
];

const layerFile = /^layer_(\d+)\.safetensors$/;

/**
 * Read the spec of a set of transcoders and the location of each weight, without reading the weights. A set on the hub
 * is first downloaded unless it is in the cache.
 *
 * The files are those listed in `transcoders` of config.yaml, otherwise `layer_l.safetensors` (per layer) or
 * `W_enc_l.safetensors` and `W_dec_l.safetensors` (across layers). Their format is detected from their tensors.
 *
 * @param transcoders a folder with a config.yaml, `demo`, `demo-cross-layer`, or a reference to the hub
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` for a missing folder, config.yaml or layer; `ERR_FILE_READ`;
 * `ERR_FILE_FORMAT` for a damaged file; `ERR_UNSUPPORTED_TRANSCODER` for an unknown format, kind, hook or activation;
 * `ERR_WEIGHT` for a tensor that is missing or has the wrong shape or dtype, where the message names the file, the
 * tensor, and the expected and found values; `ERR_HUB`, `ERR_HUB_ACCESS`, `ERR_HUB_NOT_FOUND`, `ERR_FILE_WRITE` or
 * `ABORT_ERR` during the download.
 */
export async function planTranscoders(transcoders: string, options?: FetchOptions): Promise<TranscoderPlan> {
  return planLocated(await locateTranscoders(transcoders, await Hub.open(checkFetchOptions(options))));
}

/** @param config a config whose files are all local */
export async function planLocated(config: TranscoderConfig): Promise<TranscoderPlan> {
  return assemblePlan(config, await readLayers(config));
}

async function readLayers(config: TranscoderConfig): Promise<LayerPlan[]> {
  if (config.files) return readFiles(config, config.files);
  const names = await readdir(config.folder).catch((error: unknown) => {
    throw readError(config.folder, error);
  });
  const acrossLayers = hasNativeCrossLayerFiles(names);
  const perLayer = names.some((name) => layerFile.test(name));
  if (acrossLayers && perLayer) {
    throw unsupported(
      config,
      'the folder mixes two formats, layer_l.safetensors and W_enc_l.safetensors. Keep one of them',
    );
  }
  if (!acrossLayers && !perLayer) throw noFiles(config);
  if (acrossLayers) {
    checkKind(config, 'crossLayer', 'native cross-layer', 'W_enc_l.safetensors');
    return readNativeCrossLayer(config.folder, names);
  }
  const files = numberedFiles(config.folder, names, layerFile);
  const nLayers = Math.max(...files.keys()) + 1;
  const paths: string[] = [];
  for (let layer = 0; layer < nLayers; layer++) {
    const name = files.get(layer);
    if (name === undefined) throw missingLayer(config.folder, layer, `layer_${layer}.safetensors`, nLayers);
    paths.push(join(config.folder, name));
  }
  return readFiles(config, paths);
}

/** @param paths one path per layer; across layers, one more file may follow, which is not a layer */
async function readFiles(config: TranscoderConfig, paths: readonly string[]): Promise<LayerPlan[]> {
  const [firstPath] = paths;
  if (firstPath === undefined) throw noFiles(config);
  const first = await WeightFile.open(firstPath);
  const format = recognize(config, first);
  checkKind(config, format.kind, format.name, firstPath);
  const nLayers = format.countLayers?.(first) ?? paths.length;
  checkList(config, paths, nLayers);
  const layers: LayerPlan[] = [];
  for (const [layer, path] of paths.slice(0, nLayers).entries()) {
    const file = layer === 0 ? first : await WeightFile.open(path);
    const found = recognize(config, file);
    if (found !== format) {
      throw unsupported(
        config,
        `the set mixes two formats: ${firstPath} is ${format.name}, but ${path} is ${found.name}`,
      );
    }
    layers.push(await format.readLayer(file, layer, nLayers));
  }
  return layers;
}

function recognize(config: TranscoderConfig, file: WeightFile): TranscoderFormat {
  const format = formats.find((candidate) => candidate.recognizes(file));
  if (format) return format;
  const names = file.names.slice(0, 12).join(', ') || 'none';
  const hint = hasNativeCrossLayerFiles(file.names.map((name) => `${name}.safetensors`))
    ? 'Native cross-layer files are found by name in the folder of config.yaml. Remove `transcoders` from it'
    : 'Expected W_enc and W_dec, or w_enc and w_dec (Gemma Scope 2)';
  throw unsupported(config, `${file.path} has an unknown format. Its tensors: ${names}. ${hint}`);
}

function checkKind(config: TranscoderConfig, kind: TranscoderConfig['kind'], format: string, path: string): void {
  if (config.kind === kind) return;
  const [right, wrong] =
    kind === 'perLayer' ? ['transcoder_set', 'cross_layer_transcoder'] : ['cross_layer_transcoder', 'transcoder_set'];
  throw unsupported(config, `model_kind is ${wrong}, but ${path} is ${format}. Set model_kind: ${right}`);
}

function checkList(config: TranscoderConfig, paths: readonly string[], nLayers: number): void {
  if (paths.length < nLayers || paths.length > nLayers + 1) {
    const problem = paths.length < nLayers ? `, so layer ${paths.length} is missing` : '';
    throw unsupported(
      config,
      `the decoder of ${paths[0]} writes to ${nLayers} layers, but transcoders lists ${paths.length} files${problem}. List one file per layer`,
    );
  }
  const layers = paths.slice(0, nLayers);
  const again = layers.findIndex((path, layer) => layers.indexOf(path) < layer);
  if (again < 0) return;
  const before = layers.indexOf(layers[again] ?? '');
  throw unsupported(config, `transcoders lists ${layers[again]} twice, for layers ${before} and ${again}`);
}

function noFiles(config: TranscoderConfig): CircuitTracerError {
  const expected = config.kind === 'perLayer' ? 'layer_0.safetensors' : 'W_enc_0.safetensors and W_dec_0.safetensors';
  return new CircuitTracerError(
    'ERR_FILE_NOT_FOUND',
    `Expected ${expected} and so on in ${config.folder}, found no weights. Download them, or list their paths under \`transcoders\` in config.yaml.`,
  );
}

function unsupported(config: TranscoderConfig, problem: string): CircuitTracerError {
  return new CircuitTracerError('ERR_UNSUPPORTED_TRANSCODER', `${config.file}: ${problem}.`);
}

import { join } from 'node:path';
import { callOptions } from '../../call-options';
import { openEngines } from '../../engine/jobs';
import { dtypeKind } from '../../engine/load-options';
import { OwnedEngine } from '../../engine/owned-engine';
import { keepsLargest, type TranscoderSpec, tensorsOf } from '../../engine/transcoder-spec';
import { Hub } from '../../hub/plan';
import { absolutePath } from '../../io/absolute-path';
import { checkChecksums } from '../../io/file-checksum';
import { writeFileAtomically } from '../../io/files';
import { checkAbsentOrEmpty, checkDiskSpace, makeFolderAtomically } from '../../io/new-folder';
import { yaml } from '../../io/yaml';
import { defineOptions, type OptionsOf, resolveOptions } from '../../options';
import { Phase } from '../../progress';
import { checkNotAborted, checkText } from '../../validate';
import { planLocated } from '../formats';
import { locateTranscoders } from '../locate';
import { type Companion, copyCompanion, findCompanions } from './companions';
import { type ConvertedFile, nativeFiles } from './native-files';
import { writeTensors } from './write-tensors';

const ownConvertTranscodersOptions = defineOptions({
  /** Of the weights in the new files, rounded to nearest, ties to even. Default: that of each stored tensor. */
  dtype: { kind: dtypeKind, flag: '--dtype <type>', help: 'float32, bfloat16 or float16 (default: as stored)' },
});

export const convertTranscodersOptions: typeof ownConvertTranscodersOptions & typeof callOptions = {
  ...ownConvertTranscodersOptions,
  ...callOptions,
};

/** Progress counts bytes. */
export interface ConvertTranscodersOptions extends OptionsOf<typeof convertTranscodersOptions> {}

/** The result of a conversion. */
export interface ConvertedTranscoders {
  /** The absolute path of the new folder. */
  readonly directory: string;
  /** The size of the weights in bytes. */
  readonly bytes: number;
  readonly files: number;
  readonly spec: TranscoderSpec;
}

/**
 * Convert transcoders of any supported format to a new folder in the native format of their kind: one
 * `layer_l.safetensors` per layer, or `W_enc_l.safetensors` and `W_dec_l.safetensors`, and config.yaml. Encoders are
 * stored feature by feature, so that lazy loading reads only the rows it needs.
 *
 * Labels and packed features beside the set are copied. `scan` keeps the name of the original set, so that graphs name
 * it as well. Only a few rows at a time are in memory, regardless of the size of the set. The exception is deflated
 * `.npz` files, whose arrays are unpacked into memory.
 *
 * @param from a folder with config.yaml, the name of bundled transcoders, or a reference to the hub, which is
 * downloaded
 * @param to a new or empty folder; it is filled under a temporary name and renamed at the end
 * @throws CircuitTracerError as `planTranscoders`; `ERR_FILE_WRITE` when `to` is not empty, cannot be written, or its
 * disk has too little space; `ERR_WEIGHT` for numbers that are not finite or do not fit `dtype`;
 * `ERR_INVALID_ARGUMENT`, `ERR_LIBTORCH` or `ABORT_ERR`. Nothing is left behind.
 */
export async function convertTranscoders(
  from: string,
  to: string,
  options: ConvertTranscodersOptions = {},
): Promise<ConvertedTranscoders> {
  const { dtype, signal, onProgress } = resolveOptions(convertTranscodersOptions, options);
  checkNotAborted(signal);
  checkText(from, 'from');
  const directory = absolutePath(checkText(to, 'to'));
  await checkAbsentOrEmpty(directory);
  const source = await locateTranscoders(from, await Hub.open({ signal, onProgress }));
  const plan = await planLocated(source);
  await checkChecksums(tensorsOf(plan), signal);
  const files = nativeFiles(plan, dtype);
  const companions = await findCompanions(source.folder);
  const bytes = total(files.flatMap((file) => file.tensors));
  await checkDiskSpace(directory, bytes + total(companions));
  await makeFolderAtomically(directory, async (temporary) => {
    const progress = new Phase(onProgress, 'convert', bytes, 'bytes');
    await writeFiles(temporary, files, (written) => progress.add(written), signal);
    progress.end();
    for (const companion of companions) await copyCompanion(companion, temporary, signal);
    await writeFileAtomically(join(temporary, 'config.yaml'), yaml().stringify(configYaml(plan.spec)));
    checkNotAborted(signal);
  });
  return { directory, bytes, files: files.length, spec: plan.spec };
}

function total(items: readonly (Companion | { bytes: number })[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}

function configYaml(spec: TranscoderSpec): Record<string, unknown> {
  return {
    ...(spec.modelName !== '' && { model_name: spec.modelName }),
    model_kind: spec.kind === 'perLayer' ? 'transcoder_set' : 'cross_layer_transcoder',
    feature_input_hook: spec.featureInputHook,
    feature_output_hook: spec.featureOutputHook,
    scan: spec.scan,
    // The weights determine the other activations: thresholds mean JumpReLU. The reference implementation does not have
    // these keys.
    ...(keepsLargest(spec.activation) && { activation: spec.activation, k: spec.k }),
  };
}

async function writeFiles(
  folder: string,
  files: readonly ConvertedFile[],
  onWritten: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  await openEngines(signal);
  const engine = new OwnedEngine('This conversion', 0);
  try {
    for (const { name, tensors } of files)
      await writeTensors(engine, join(folder, name), tensors, { onWritten, signal });
  } finally {
    await engine.dispose();
  }
}

import { type LoadOptions, resolveLoadOptions } from '../engine/load-options';
import { lazy } from '../lazy';
import type { Tokenizer } from '../model/tokenizer';
import { checkNotAborted } from '../validate';
import { ModelWithTranscoders } from './model-with-transcoders';
import type { ModelOutline } from './open-pair';
import { loadParts, type ModelParts } from './parts';

const files = lazy(() => require('./open-pair') as typeof import('./open-pair'));

/**
 * A language model with transcoders that replace its MLPs, loaded from files.
 *
 * All computation runs on the model's own thread. Calls are queued there and never block the event loop. Free the
 * memory with `dispose()` or `await using`.
 *
 * @example
 * const model = await ReplacementModel.load('./gemma-2-2b', './gemma-scope');
 * const graph = await model.attribute('The capital of the state containing Dallas is');
 * await graph.save('dallas.safetensors');
 * await model.dispose();
 */
export class ReplacementModel extends ModelWithTranscoders {
  readonly tokenizer: Tokenizer;

  private constructor(parts: ModelParts, tokenizer: Tokenizer) {
    super(parts);
    this.tokenizer = tokenizer;
  }

  /**
   * Load a model in Hugging Face layout and transcoders with config.yaml. Each is a folder or a hub reference, which is
   * fetched unless it is in the cache: `org/repo` or `org/repo/folder`, optionally with `@revision`;
   * `hf://org/repo/path`; or the short names `gemma` and `llama` of transcoders. Feature labels are read from
   * `labels.json` if it exists.
   *
   * `demo` is the small trained model that ships with the package. Its transcoders are `demo`, the default, and
   * `demo-cross-layer`. To load a folder of that name, write `./demo`.
   *
   * @param model a folder or a hub reference; undefined for the model that config.yaml of the transcoders names
   * @param transcoders a folder or a hub reference; undefined for the transcoders of a bundled model
   * @throws CircuitTracerError `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ`, `ERR_FILE_FORMAT`, `ERR_UNSUPPORTED_MODEL`,
   * `ERR_UNSUPPORTED_TRANSCODER`, `ERR_WEIGHT`, `ERR_MODEL_MISMATCH`, `ERR_TOKENIZER`, `ERR_LIBTORCH`, `ERR_DEVICE`,
   * `ERR_OUT_OF_MEMORY`, `ERR_INVALID_ARGUMENT`, `ERR_HUB`, `ERR_HUB_ACCESS`, `ERR_HUB_NOT_FOUND`, `ERR_FILE_WRITE` or
   * `ABORT_ERR`.
   */
  static async load(model: string | undefined, transcoders?: string, options?: LoadOptions): Promise<ReplacementModel> {
    return ReplacementModel.loadChecked(model, transcoders, options, () => undefined);
  }

  /**
   * Like {@link load}. `check` receives what is known before the weights are read, and can throw to stop loading.
   *
   * @internal
   */
  static async loadChecked(
    model: string | undefined,
    transcoders: string | undefined,
    options: LoadOptions | undefined,
    check: (outline: ModelOutline) => Promise<void> | void,
  ): Promise<ReplacementModel> {
    const resolved = resolveLoadOptions(options);
    checkNotAborted(resolved.signal);
    const { weights, plan, outline } = await files().openPair(model, transcoders, resolved);
    await check(outline);
    const parts = await loadParts(outline, outline.spec, weights, plan, resolved);
    return new ReplacementModel(parts, outline.tokenizer);
  }
}

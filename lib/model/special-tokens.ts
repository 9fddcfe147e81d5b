import { join } from 'node:path';
import { fileExists, isObject, readJsonObject } from '../io/files';

/** Ids of a tokenizer's named special tokens, as its files have them. */
export interface SpecialTokens {
  readonly bos: number | null;
  readonly eos: number | null;
  readonly pad: number | null;
  /** All named ones in the order of `all_special_ids` in transformers, each once. */
  readonly all: readonly number[];
}

const names = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const;

/**
 * Named special tokens: from tokenizer_config.json, for names it leaves out from special_tokens_map.json, and when neither
 * names any (GPT-2 on the hub) the bos, eos and pad ids of config.json.
 *
 * @throws CircuitTracerError `ERR_FILE_READ` or `ERR_FILE_FORMAT`.
 */
export async function readSpecialTokens(
  folder: string,
  tokenizerConfig: Readonly<Record<string, unknown>>,
  modelConfig: Readonly<Record<string, unknown>>,
  idOf: (token: string) => number | undefined,
): Promise<SpecialTokens> {
  const mapPath = join(folder, 'special_tokens_map.json');
  const map = (await fileExists(mapPath)) ? await readJsonObject(mapPath) : {};
  const named = (name: string) => (Object.hasOwn(tokenizerConfig, name) ? tokenizerConfig[name] : map[name]);
  const id = (token: unknown) => idOf(content(token) ?? '') ?? null;
  const ids = Object.fromEntries(names.map((name) => [name, id(named(`${name}_token`))]));
  const additional = [named('additional_special_tokens'), named('extra_special_tokens')].flatMap(listed).map(id);
  const all = [...names.map((name) => ids[name]), ...additional].filter((token) => typeof token === 'number');
  if (all.length === 0) return fromModelConfig(modelConfig);
  return { bos: ids.bos ?? null, eos: ids.eos ?? null, pad: ids.pad ?? null, all: [...new Set(all)] };
}

/** Special tokens are stored as text, or as an object with the text in `content`. */
function content(token: unknown): string | undefined {
  const text = isObject(token) ? token.content : token;
  return typeof text === 'string' ? text : undefined;
}

function listed(tokens: unknown): unknown[] {
  if (Array.isArray(tokens)) return tokens;
  return isObject(tokens) ? Object.values(tokens) : [];
}

function fromModelConfig(config: Readonly<Record<string, unknown>>): SpecialTokens {
  // Several end tokens may be listed; the first is the one a tokenizer would name.
  const id = (name: string) => {
    const value = [config[name]].flat()[0];
    return Number.isInteger(value) ? (value as number) : null;
  };
  const [bos, eos, pad] = [id('bos_token_id'), id('eos_token_id'), id('pad_token_id')];
  const all = [bos, eos, pad].filter((token) => token !== null);
  return { bos, eos, pad, all: [...new Set(all)] };
}

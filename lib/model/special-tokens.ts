import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { fileExists, readJsonObject } from '../io/files';
import { isObject } from '../is-object';
import { describe } from '../validate';

/** The ids of the named special tokens of a tokenizer, from its files. */
export interface SpecialTokens {
  readonly bos: number | null;
  readonly eos: number | null;
  readonly pad: number | null;
  /** All named tokens in the order of `all_special_ids` of transformers, without duplicates. */
  readonly all: readonly number[];
  /** The texts by name, such as `bos_token`, for chat templates. */
  readonly texts: Readonly<Record<string, string>>;
}

/** The part of a tokenizer used here. */
interface Lookup {
  id(token: string): number | undefined;
  token(id: number): string | undefined;
}

type Names = Readonly<Record<string, unknown>>;

const names = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const;

/**
 * Read the named special tokens from tokenizer_config.json, and names missing there from special_tokens_map.json. If
 * neither has any (GPT-2 on the hub), the bos, eos and pad ids of config.json are used.
 *
 * @throws CircuitTracerError `ERR_FILE_READ` or `ERR_FILE_FORMAT`; `ERR_TOKENIZER` for a name without a text.
 */
export async function readSpecialTokens(
  folder: string,
  tokenizerConfig: Names,
  modelConfig: Names,
  tokenizer: Lookup,
): Promise<SpecialTokens> {
  const mapPath = join(folder, 'special_tokens_map.json');
  const map = (await fileExists(mapPath)) ? await readJsonObject(mapPath) : {};
  const merged: Names = { ...map, ...tokenizerConfig };
  const id = (text: string | undefined) => tokenizer.id(text ?? '') ?? null;
  const ids = Object.fromEntries(names.map((name) => [name, id(content(merged[`${name}_token`], `${name}_token`))]));
  const additional = ['additional_special_tokens', 'extra_special_tokens'].flatMap((name) =>
    listed(merged[name], name),
  );
  const all = [...names.map((name) => ids[name]), ...additional.map(id)].filter((token) => typeof token === 'number');
  if (all.length === 0) return fromModelConfig(modelConfig, tokenizer, texts(merged));
  return {
    bos: ids.bos ?? null,
    eos: ids.eos ?? null,
    pad: ids.pad ?? null,
    all: [...new Set(all)],
    texts: texts(merged),
  };
}

/** Special tokens are stored as text, or as an object with the text in `content`. */
function content(token: unknown, name: string): string | undefined {
  if (token === undefined || token === null) return undefined;
  const text = isObject(token) ? token.content : token;
  if (typeof text === 'string') return text;
  throw new CircuitTracerError(
    'ERR_TOKENIZER',
    `${name} in the tokenizer's files must be text, or an object with the text in content; found ${describe(token)}.`,
  );
}

function listed(tokens: unknown, name: string): (string | undefined)[] {
  if (tokens === undefined || tokens === null) return [];
  if (Array.isArray(tokens)) return tokens.map((token, i) => content(token, `${name}[${i}]`));
  if (isObject(tokens)) return Object.entries(tokens).map(([key, token]) => content(token, `${name}.${key}`));
  throw new CircuitTracerError(
    'ERR_TOKENIZER',
    `${name} in the tokenizer's files must be a list; found ${describe(tokens)}.`,
  );
}

/** The texts of all names of one word and `_token`, because a model may also have tokens such as `image_token`. */
function texts(merged: Names): Record<string, string> {
  const named = Object.entries(merged).filter(([name]) => /^[a-z]+_token$/.test(name));
  const found = named.map(([name, token]) => [name, isObject(token) ? token.content : token]);
  return Object.fromEntries(found.filter(([, text]) => typeof text === 'string'));
}

function fromModelConfig(config: Names, tokenizer: Lookup, named: Readonly<Record<string, string>>): SpecialTokens {
  // Several end tokens may be listed. The first is the one that a tokenizer would name.
  const id = (name: string) => {
    const value = [config[name]].flat()[0];
    return Number.isInteger(value) ? (value as number) : null;
  };
  const [bos, eos, pad] = [id('bos_token_id'), id('eos_token_id'), id('pad_token_id')];
  const all = [bos, eos, pad].filter((token) => token !== null);
  const shown = Object.entries({ bos_token: bos, eos_token: eos, pad_token: pad }).map(([name, token]) => [
    name,
    token === null ? undefined : tokenizer.token(token),
  ]);
  const texts = Object.fromEntries(shown.filter(([, text]) => text !== undefined));
  return { bos, eos, pad, all: [...new Set(all)], texts: { ...texts, ...named } };
}

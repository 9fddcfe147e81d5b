import type { Built } from './normalizers';
import { readPattern, replaceAll } from './pattern';
import { flag, integer, type Json, list, object, oneOf, refuse, text } from './refuse';
import { charactersAsBytes } from './unicode';

export type Decode = (tokens: readonly string[]) => string[];

const fixed = (run: Decode): Built<Decode> => ({ run, patterns: [] });
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

const builders: Readonly<Record<string, (config: Json, name: string) => Built<Decode>>> = {
  ByteLevel: () => fixed(byteLevel),
  ByteFallback: () => fixed(byteFallback),
  Fuse: () => fixed((tokens) => [tokens.join('')]),
  Metaspace: metaspace,
  WordPiece: wordPiece,
  BPEDecoder: (config, name) => {
    const suffix = text(config.suffix, `${name}.suffix`, '</w>');
    return fixed((tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' ')));
  },
  CTC: ctc,
  Strip: strip,
  Replace: (config, name) => {
    const { regex, source } = readPattern(config.pattern, `${name}.pattern`);
    const content = text(config.content, `${name}.content`);
    const run: Decode = (tokens) => tokens.map((token) => replaceAll(token, regex, content));
    return { run, patterns: source === undefined ? [] : [source] };
  },
  Sequence: (config, name) => {
    const items = list(config.decoders, `${name}.decoders`);
    const built = items.map((item, i) => build(item, `${name}.decoders[${i}]`));
    return {
      run: (tokens) => built.reduce<readonly string[]>((current, { run }) => run(current), tokens) as string[],
      patterns: built.flatMap(({ patterns }) => patterns),
    };
  },
};

/**
 * Build the decoder of tokenizer.json, which turns tokens into parts of the text.
 *
 * @throws CircuitTracerError `ERR_TOKENIZER` for an unknown or malformed one.
 */
export function buildDecoder(given: unknown): Built<Decode> | undefined {
  return given === null || given === undefined ? undefined : build(given, 'decoder');
}

function build(given: unknown, name: string): Built<Decode> {
  const config = object(given, name);
  const type = text(config.type, `${name}.type`);
  const builder = Object.hasOwn(builders, type) ? builders[type] : undefined;
  if (builder) return builder(config, name);
  throw refuse(`${name}.type ${JSON.stringify(type)} is not supported.`);
}

/** A token with a character that does not represent a byte, which added tokens may have, is used as written. */
function byteLevel(tokens: readonly string[]): string[] {
  return [
    utf8.decode(Buffer.concat(tokens.map((token) => Buffer.from(charactersAsBytes(token) ?? Buffer.from(token))))),
  ];
}

/** Decode runs of `<0xNN>`. Each byte of a run that is not valid UTF-8 becomes U+FFFD. */
function byteFallback(tokens: readonly string[]): string[] {
  const out: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      out.push(strictUtf8.decode(Uint8Array.from(bytes)));
    } catch {
      for (const _ of bytes) out.push('\u{fffd}');
    }
    bytes = [];
  };
  for (const token of tokens) {
    const hex = /^<0x([0-9A-Fa-f]{2}|\+[0-9A-Fa-f])>$/.exec(token)?.[1];
    if (hex) {
      bytes.push(Number.parseInt(hex, 16));
      continue;
    }
    flush();
    out.push(token);
  }
  flush();
  return out;
}

function metaspace(config: Json, name: string): Built<Decode> {
  const replacement = text(config.replacement, `${name}.replacement`, '▁');
  const legacy = config.add_prefix_space === false ? 'never' : 'always';
  const scheme = oneOf(config.prepend_scheme, `${name}.prepend_scheme`, ['always', 'first', 'never'], legacy);
  return fixed((tokens) =>
    tokens.map((token, i) => token.replaceAll(replacement, i === 0 && scheme !== 'never' ? '' : ' ')),
  );
}

const cleanups: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

const cleaned = (token: string): string =>
  cleanups.reduce((current, [from, to]) => current.replaceAll(from, to), token);

function wordPiece(config: Json, name: string): Built<Decode> {
  const prefix = text(config.prefix, `${name}.prefix`, '##');
  const cleanup = flag(config.cleanup, `${name}.cleanup`, true);
  return fixed((tokens) =>
    tokens.map((token, i) => {
      const joined = token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      const part = i === 0 ? token : joined;
      return cleanup ? cleaned(part) : part;
    }),
  );
}

function ctc(config: Json, name: string): Built<Decode> {
  const pad = text(config.pad_token, `${name}.pad_token`, '<pad>');
  const delimiter = text(config.word_delimiter_token, `${name}.word_delimiter_token`, '|');
  const cleanup = flag(config.cleanup, `${name}.cleanup`, true);
  return fixed((tokens) =>
    tokens
      .filter((token, i) => token !== tokens[i - 1])
      .map((token) => token.replaceAll(pad, ''))
      .map((token) => (cleanup ? cleaned(token).replaceAll(delimiter, ' ') : token))
      .filter((token) => token !== ''),
  );
}

function strip(config: Json, name: string): Built<Decode> {
  const content = text(config.content, `${name}.content`);
  const [start, stop] = [integer(config.start, `${name}.start`), integer(config.stop, `${name}.stop`)];
  return fixed((tokens) =>
    tokens.map((token) => {
      const characters = [...token];
      let begin = 0;
      while (begin < start && characters[begin] === content) begin++;
      let end = characters.length;
      while (characters.length - end < stop && end > begin && characters[end - 1] === content) end--;
      return characters.slice(begin, end).join('');
    }),
  );
}

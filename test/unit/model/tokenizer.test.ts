import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { setLogger } from '../../../lib/log';
import { Tokenizer } from '../../../lib/model/tokenizer';
import { expectRejection } from '../../support/expect-rejection';
import { type CaseRequest, caseNames, modelDir, parityDir } from '../../support/fixtures';
import { copyOf } from '../../support/temporary-folder';

interface GraphFile {
  metadata: { prompt_tokens: string[] };
  nodes: { feature: number; feature_type: string; clerp: string }[];
}

interface TokenizerJson {
  added_tokens: { id: number; content: string; special: boolean; normalized: boolean }[];
  model: { vocab: Record<string, number>; merges: unknown[] };
}

/** Rename the bytes of \u00e9, of digits and of capitals in the vocabulary, so that nothing encodes to them. */
function losePlainCharacters({ model }: TokenizerJson): void {
  model.merges = [];
  model.vocab = Object.fromEntries(
    Object.entries(model.vocab).map(([token, id]) => [
      /^[A-Z0-9\u00a9\u00c3]$/.test(token) ? `(lost ${id})` : token,
      id,
    ]),
  );
}

function editJson(file: string, edit: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(readFileSync(file, 'utf8'));
  edit(json);
  writeFileSync(file, JSON.stringify(json));
}

describe.each(caseNames)('the tokenizer of %s', (name) => {
  const folder = path.join(parityDir, 'cases', name);
  const request = JSON.parse(readFileSync(path.join(folder, 'case.json'), 'utf8')) as CaseRequest;
  const model = path.join(parityDir, request.model);

  test.each([
    ['transformerlens', 'eos'],
    ['plain', 'pad'],
  ] as const)('prepares prompts as the %s reference does', async (backend, qwenPrefix) => {
    const tokenizer = await Tokenizer.load(model, { qwenPrefix });
    for (const { text, token_ids: ids, error } of request.tokenization[backend] ?? []) {
      // Where the reference finds no usable token, it is because it takes id 0 for none.
      const expected = error ? [0, ...tokenizer.encode(text)] : ids;
      expect(tokenizer.prepare(text)).toEqual({ tokens: expected, specialPositions: 1 });
      expect(tokenizer.prepare(expected ?? [])).toEqual({ tokens: expected, specialPositions: 1 });
    }
  });

  test('shows tokens as the reference does', async () => {
    const tokenizer = await Tokenizer.load(model);
    const graph = JSON.parse(readFileSync(path.join(folder, 'graph.json'), 'utf8')) as GraphFile;
    const shown = request.prompt.token_ids.map((id) => tokenizer.decodeToken(id));
    expect(shown).toEqual(graph.metadata.prompt_tokens);
    const logits = graph.nodes.filter((node) => node.feature_type === 'logit');
    expect(logits.length).toBeGreaterThan(0);
    for (const { feature, clerp } of logits) expect(clerp).toContain(`Output "${tokenizer.decodeToken(feature)}"`);
  });
});

describe('Tokenizer', () => {
  test('round trips text, and parses special tokens written in it', async () => {
    const tokenizer = await Tokenizer.load(modelDir('llama'));
    expect(tokenizer.encode('')).toEqual([]);
    expect(tokenizer.encode('<|begin_of_text|>She')[0]).toBe(500);
    const text = 'She counted 12 baskets , \u{1f9fa} of salt .';
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test('counts its tokens, and shows nothing for rows of the embedding beyond them', async () => {
    const tokenizer = await Tokenizer.load(modelDir('gemma2'));
    expect(tokenizer.vocabSize).toBe(506);
    expect(tokenizer.decodeToken(507)).toBe('');
    expect(tokenizer.decode([507, 331, 508])).toBe('The');
  });

  test('applies the prepend rule to ids unless they are exact', async () => {
    const tokenizer = await Tokenizer.load(modelDir('llama'));
    expect(tokenizer.prepare([324, 383])).toEqual({ tokens: [500, 324, 383], specialPositions: 1 });
    expect(tokenizer.prepare([501, 383])).toEqual({ tokens: [501, 383], specialPositions: 1 });
    expect(tokenizer.prepare([324, 383], { exact: true })).toEqual({ tokens: [324, 383], specialPositions: 1 });
  });

  test('finds the named special tokens in any of the files they are kept in', async () => {
    const folder = copyOf(modelDir('llama'));
    const config = path.join(folder, 'tokenizer_config.json');
    const first = async () => (await Tokenizer.load(folder)).prepare('She').tokens[0];
    editJson(config, (json) => Object.assign(json, { bos_token: { content: '<|begin_of_text|>', lstrip: false } }));
    expect(await first()).toBe(500);
    writeFileSync(config, '{}');
    expect(await first()).toBe(500);
    rmSync(path.join(folder, 'special_tokens_map.json'));
    editJson(path.join(folder, 'config.json'), (json) => Object.assign(json, { bos_token_id: 502 }));
    expect(await first()).toBe(502);
  });

  test('adds tokens that only tokenizer_config.json lists', async () => {
    const folder = copyOf(modelDir('llama'));
    editJson(path.join(folder, 'tokenizer_config.json'), (json) => {
      Object.assign(json.added_tokens_decoder as object, { 503: { content: '<|extra|>', special: true } });
    });
    expect((await Tokenizer.load(folder)).encode('<|extra|>')).toEqual([503]);
  });

  test('warns and puts nothing in front when no special token has a name', async () => {
    const folder = copyOf(modelDir('llama'));
    for (const file of ['tokenizer_config.json', 'special_tokens_map.json'])
      writeFileSync(path.join(folder, file), '{}');
    editJson(path.join(folder, 'config.json'), (json) => {
      delete json.bos_token_id;
      delete json.eos_token_id;
    });
    const lines: string[] = [];
    setLogger(pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }));
    const { tokens, specialPositions } = (await Tokenizer.load(folder)).prepare('She');
    setLogger(pino({ level: 'silent' }));
    expect([tokens, specialPositions]).toEqual([[324], 1]);
    expect(lines.join('')).toMatch(/no special token/);
  });

  // Field faults, section 2, row "Token ids": a probe text at load.
  test.each<[string, (json: TokenizerJson) => void, RegExp | undefined]>([
    ['a whole tokenizer is silent', () => undefined, undefined],
    ['lost characters', (json) => losePlainCharacters(json), /changes a text that it should preserve/],
    [
      'added tokens under other ids than the file says',
      (json) => json.added_tokens.push({ id: 9999, content: '<|moved|>', special: true, normalized: false }),
      /added tokens have other ids/,
    ],
  ])('a probe at load: %s', async (_, edit, warning) => {
    const folder = copyOf(modelDir('gpt2'));
    editJson(path.join(folder, 'tokenizer.json'), (json) => edit(json as unknown as TokenizerJson));
    const lines: string[] = [];
    setLogger(pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }));
    const errors = jest.spyOn(process.stderr, 'write');
    await Tokenizer.load(folder);
    setLogger(pino({ level: 'silent' }));
    expect(lines.join('')).toEqual(warning ? expect.stringMatching(warning) : '');
    // Field faults, section 6, L11: nothing is printed.
    expect(errors).not.toHaveBeenCalled();
    errors.mockRestore();
  });

  test.each([
    ['no text', '', /at least one/],
    ['no ids', [], /at least one/],
    ['a negative id', [1, -1], /-1 at position 1/],
    ['a fraction', [1.5], /1\.5/],
    ['text for an id', ['a' as unknown as number], /"a"/],
  ])('refuses %s', async (_, prompt, names) => {
    const tokenizer = await Tokenizer.load(modelDir('llama'));
    const prepare = async () => tokenizer.prepare(prompt);
    await expectRejection(prepare(), 'ERR_INVALID_PROMPT', names);
  });

  test.each([
    ['{"model": {"type": "BPE"}}', 'ERR_TOKENIZER'],
    ['[]', 'ERR_FILE_FORMAT'],
    ['{', 'ERR_FILE_FORMAT'],
  ] as const)('refuses %s for a tokenizer.json', async (text, code) => {
    const folder = copyOf(modelDir('llama'));
    writeFileSync(path.join(folder, 'tokenizer.json'), text);
    await expectRejection(Tokenizer.load(folder), code, /tokenizer\.json/);
  });
});

describe('an instruction-tuned Gemma 3', () => {
  const turn = '<bos><start_of_turn>user\n';
  const byName = (folder: string) => {
    const renamed = path.join(path.dirname(folder), 'gemma-3-1b-it');
    renameSync(folder, renamed);
    return renamed;
  };
  const byOrigin = (folder: string) => {
    editJson(path.join(folder, 'config.json'), (json) =>
      Object.assign(json, { _name_or_path: 'google/gemma-3-1b-it' }),
    );
    return folder;
  };
  const byTemplate = (folder: string) => {
    writeFileSync(path.join(folder, 'chat_template.jinja'), '{{ bos_token }}<start_of_turn>');
    return folder;
  };

  test.each([
    ['the name of its folder', byName],
    ['the name it was saved from', byOrigin],
    ['its chat template', byTemplate],
  ])('is known by %s and needs its prefix', async (_, mark) => {
    const folder = mark(copyOf(modelDir('gemma3')));
    expect(readdirSync(folder)).toContain('config.json');
    const tokenizer = await Tokenizer.load(folder);
    const prefix = tokenizer.encode(turn);
    const { tokens, specialPositions } = tokenizer.prepare(`${turn}The salt`);
    expect(tokens.slice(0, prefix.length)).toEqual(prefix);
    expect(specialPositions).toBe(prefix.length);
    await expectRejection((async () => tokenizer.prepare('The salt'))(), 'ERR_INVALID_PROMPT', /<start_of_turn>user/);
    expect(tokenizer.prepare([331], { exact: true })).toEqual({ tokens: [331], specialPositions: 1 });
  });
});

// Field faults, section 2: end-of-text ids that stand as a list in config.json only.
test('generation stops at every token that a file names as an end', async () => {
  const folder = copyOf(modelDir('llama'));
  const named = (await Tokenizer.load(folder)).stopIds;
  editJson(path.join(folder, 'config.json'), (json) => Object.assign(json, { eos_token_id: [7, 8] }));
  writeFileSync(path.join(folder, 'generation_config.json'), '{"eos_token_id": [9, 7]}');
  const { stopIds } = await Tokenizer.load(folder);
  expect(stopIds).toEqual([9, 7, 8, 501]);
  expect(named).toContain(501);
  editJson(path.join(folder, 'config.json'), (json) =>
    Object.assign(json, { eos_token_id: 6, text_config: { eos_token_id: [5] } }),
  );
  rmSync(path.join(folder, 'generation_config.json'));
  expect((await Tokenizer.load(folder)).stopIds).toEqual([6, 5, 501]);
});

// Field faults, section 2, B12.
test('a chat template knows a token that only special_tokens_map.json names, or only config.json', async () => {
  const folder = copyOf(modelDir('llama'));
  const config = path.join(folder, 'tokenizer_config.json');
  const chat = [{ role: 'user', content: 'x' }];
  writeFileSync(config, JSON.stringify({ chat_template: '{{ bos_token }}{{ messages[0].content }}' }));
  expect((await Tokenizer.load(folder)).renderChat(chat)).toBe('<|begin_of_text|>x');
  rmSync(path.join(folder, 'special_tokens_map.json'));
  editJson(path.join(folder, 'config.json'), (json) => Object.assign(json, { bos_token_id: 501 }));
  expect((await Tokenizer.load(folder)).renderChat(chat)).toBe('<|end_of_text|>x');
});

// Field faults, section 6: M6, L1 and L11.
describe('a broken file of a tokenizer', () => {
  const broken: [string, string, (json: Record<string, unknown>) => void, RegExp][] = [
    [
      'a vocabulary that is a list',
      'tokenizer.json',
      (json) => (within(json, 'model').vocab = []),
      /model\.vocab must be an object/,
    ],
    [
      'an id of two tokens',
      'tokenizer.json',
      (json) => Object.assign(within(json, 'model', 'vocab'), { zzz: 3 }),
      /the id 3 to/,
    ],
    [
      'an id of an added token that is taken',
      'tokenizer.json',
      (json) => added(json, { id: 3, content: '<zzz>' }),
      /id 3 belongs to both/,
    ],
    [
      'an id of 2^31',
      'tokenizer.json',
      (json) => Object.assign(within(json, 'model', 'vocab'), { zzz: 2 ** 31 }),
      /2147483647; found 2147483648/,
    ],
    [
      'an added id of 2^31',
      'tokenizer.json',
      (json) => added(json, { id: 2 ** 31, content: '<zzz>' }),
      /2147483647; found 2147483648/,
    ],
    [
      'an id that is text',
      'tokenizer.json',
      (json) => Object.assign(within(json, 'model', 'vocab'), { zzz: '3' }),
      /whole number/,
    ],
    [
      'merges of unknown tokens',
      'tokenizer.json',
      (json) => (within(json, 'model').merges = [['zz', 'yy']]),
      /merges\[0\] contains "zz"/,
    ],
    [
      'merges of three parts',
      'tokenizer.json',
      (json) => (within(json, 'model').merges = ['a b c']),
      /merges\[0\] must be two tokens/,
    ],
    [
      'a single that is true',
      'tokenizer.json',
      (json) => (json.post_processor = { type: 'TemplateProcessing', single: true }),
      /post_processor\.single must be a list/,
    ],
    [
      'a decoder that is null',
      'tokenizer.json',
      (json) => (json.decoder = { type: 'Sequence', decoders: [null] }),
      /decoder\.decoders\[0\] must be an object/,
    ],
    [
      'an odd behaviour',
      'tokenizer.json',
      (json) => (json.pre_tokenizer = { type: 'Split', pattern: { String: 'x' }, behavior: 'Odd' }),
      /pre_tokenizer\.behavior must be one of/,
    ],
    [
      'a behaviour that is a number',
      'tokenizer.json',
      (json) => (json.pre_tokenizer = { type: 'Punctuation', behavior: 5 }),
      /behavior must be one of/,
    ],
    [
      'an unknown pre-tokenizer',
      'tokenizer.json',
      (json) => (json.pre_tokenizer = { type: 'UnicodeScripts' }),
      /"UnicodeScripts" is not supported/,
    ],
    [
      'a pattern of no kind',
      'tokenizer.json',
      (json) => (json.pre_tokenizer = { type: 'Split', pattern: { Odd: 1 }, behavior: 'Isolated' }),
      /must have String or Regex/,
    ],
    [
      'a pattern that is no pattern',
      'tokenizer.json',
      (json) => (json.pre_tokenizer = { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' }),
      /a group is not closed/,
    ],
    [
      'a back reference',
      'tokenizer.json',
      (json) => (json.pre_tokenizer = { type: 'Split', pattern: { Regex: '(a)\\1' }, behavior: 'Isolated' }),
      /escape \\1 .* is not supported/,
    ],
    [
      'an unknown normaliser',
      'tokenizer.json',
      (json) => (json.normalizer = { type: 'Odd' }),
      /"Odd" is not supported/,
    ],
    [
      'an odd key of added tokens',
      'tokenizer_config.json',
      (json) => (json.added_tokens_decoder = { x: { content: '<y>' } }),
      /key must be a token id/,
    ],
    [
      'added tokens of numbers',
      'tokenizer_config.json',
      (json) => (json.added_tokens_decoder = { 600: 5 }),
      /must be an object; found 5/,
    ],
    [
      'a bos_token that is a list',
      'tokenizer_config.json',
      (json) => (json.bos_token = []),
      /bos_token .* must be text/,
    ],
    [
      'an eos_token that is a number',
      'tokenizer_config.json',
      (json) => (json.eos_token = 5),
      /eos_token .* must be text/,
    ],
    [
      'additional tokens of null',
      'tokenizer_config.json',
      (json) => (json.additional_special_tokens = 5),
      /must be a list/,
    ],
  ];

  test.each(broken)('with %s is refused', async (_, file, edit, message) => {
    const folder = copyOf(modelDir('llama'));
    editJson(path.join(folder, file), edit);
    await expectRejection(Tokenizer.load(folder), 'ERR_TOKENIZER', message);
  });

  test('a path with NUL is refused', async () => {
    await expectRejection(Tokenizer.load('a\0b'), 'ERR_INVALID_ARGUMENT', /NUL/);
  });

  test('a chat template that is no text is refused', async () => {
    const folder = copyOf(modelDir('llama'));
    writeFileSync(path.join(folder, 'chat_template.jinja'), Buffer.from([0xff, 0xfe, 0x80]));
    await expectRejection(Tokenizer.load(folder), 'ERR_FILE_FORMAT', /chat_template\.jinja: expected UTF-8/);
  });
});

function within(json: Record<string, unknown>, ...keys: string[]): Record<string, unknown> {
  return keys.reduce((at, key) => at[key] as Record<string, unknown>, json);
}

function added(json: Record<string, unknown>, token: object): void {
  (json.added_tokens as object[]).push(token);
}

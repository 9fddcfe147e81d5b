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
      expect(tokenizer.prepare(text)).toEqual({ tokens: expected, zeroPositions: 1 });
      expect(tokenizer.prepare(expected ?? [])).toEqual({ tokens: expected, zeroPositions: 1 });
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
    expect(tokenizer.prepare([324, 383])).toEqual({ tokens: [500, 324, 383], zeroPositions: 1 });
    expect(tokenizer.prepare([501, 383])).toEqual({ tokens: [501, 383], zeroPositions: 1 });
    expect(tokenizer.prepare([324, 383], { exact: true })).toEqual({ tokens: [324, 383], zeroPositions: 1 });
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
    const { tokens, zeroPositions } = (await Tokenizer.load(folder)).prepare('She');
    setLogger(pino({ level: 'silent' }));
    expect([tokens, zeroPositions]).toEqual([[324], 1]);
    expect(lines.join('')).toMatch(/no special token/);
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
    const { tokens, zeroPositions } = tokenizer.prepare(`${turn}The salt`);
    expect(tokens.slice(0, prefix.length)).toEqual(prefix);
    expect(zeroPositions).toBe(prefix.length);
    await expectRejection((async () => tokenizer.prepare('The salt'))(), 'ERR_INVALID_PROMPT', /<start_of_turn>user/);
    expect(tokenizer.prepare([331], { exact: true })).toEqual({ tokens: [331], zeroPositions: 1 });
  });
});

import { Tokenizer } from '../../../lib';
import { caseNames, loadCase } from '../../support/fixtures';

describe.each(caseNames)('%s', (name) => {
  test('the prompt becomes the expected tokens and zero positions', async () => {
    const { modelDir, request } = await loadCase(name);
    const tokenizer = await Tokenizer.load(modelDir, { qwenPrefix: 'eos' });
    const { tokens, specialPositions } = tokenizer.prepare(request.prompt.text);
    expect(tokens).toEqual(request.prompt.token_ids);
    expect(Array.from({ length: specialPositions }, (_, i) => i)).toEqual(request.prompt.zero_positions);
  });

  // Two backends of the reference disagree on the first token of Qwen models; an option chooses.
  test.each([
    ['eos', 'transformerlens'],
    ['pad', 'plain'],
  ] as const)('texts become the expected tokens with qwenPrefix %s', async (qwenPrefix, backend) => {
    const { modelDir, request } = await loadCase(name);
    const tokenizer = await Tokenizer.load(modelDir, { qwenPrefix });
    for (const { text, token_ids } of request.tokenization[backend] ?? []) {
      const found = tokenizer.prepare(text).tokens;
      // Where the reference finds no first token it overlooks id 0, which is a lawful one.
      expect(found).toEqual(token_ids ?? [0, ...tokenizer.encode(text)]);
    }
  });

  test('token ids given in place of a text stay as they are', async () => {
    const { modelDir, request } = await loadCase(name);
    const tokenizer = await Tokenizer.load(modelDir, { qwenPrefix: 'eos' });
    expect(tokenizer.prepare(request.prompt.token_ids).tokens).toEqual(request.prompt.token_ids);
  });
});

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ChatMessage, readChatTemplate } from '../../../lib/model/chat-template';
import { temporaryFolder } from '../../support/temporary-folder';

const gemma =
  '{{ bos_token }}{% if messages[0].role == "system" %}{{ raise_exception("System role not supported") }}{% endif %}' +
  '{% for message in messages %}{% set role = "model" if message.role == "assistant" else message.role %}' +
  '<start_of_turn>{{ role }}\n{{ message.content | trim }}<end_of_turn>\n{% endfor %}' +
  '{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}';

const template = async (config: Record<string, unknown>) => {
  const read = await readChatTemplate(temporaryFolder(), config, { bos_token: '<bos>' });
  return (messages: readonly ChatMessage[]) => read?.().render(messages);
};

const question = { role: 'user', content: ' Where is Dallas? ' };

test('a question opens the answer', async () => {
  const render = await template({ chat_template: gemma });
  const asked = '<bos><start_of_turn>user\nWhere is Dallas?<end_of_turn>\n';
  expect(render([question])).toBe(`${asked}<start_of_turn>model\n`);
  expect(render([question, { role: 'assistant', content: 'Texas' }])).toBe(
    `${asked}<start_of_turn>model\nTexas<end_of_turn>\n`,
  );
});

test('a file comes before the configuration, of several the default one', async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'chat_template.jinja'), 'file');
  expect((await readChatTemplate(folder, { chat_template: 'config' }, {}))?.().render([question])).toBe('file');
  const several = [
    { name: 'tool_use', template: 'tools' },
    { name: 'default', template: 'standard' },
  ];
  expect((await template({ chat_template: several }))([question])).toBe('standard');
  expect(await readChatTemplate(temporaryFolder(), {}, {})).toBeUndefined();
});

test.each<[string, unknown, string, RegExp]>([
  [gemma, [{ role: 'system', content: 'x' }], 'ERR_INVALID_PROMPT', /System role not supported/],
  [gemma, [], 'ERR_INVALID_PROMPT', /at least one/],
  [gemma, 'hello', 'ERR_INVALID_PROMPT', /found "hello"/],
  [gemma, [{ role: 'user' }], 'ERR_INVALID_PROMPT', /messages\[0\]\.content/],
  [gemma, [{ ...question, name: 'me' }], 'ERR_INVALID_ARGUMENT', /messages\[0\] has no 'name'/],
  ['{% for %}', [question], 'ERR_TOKENIZER', /cannot be parsed/],
  ["{% include 'x' %}", [question], 'ERR_TOKENIZER', /statement 'include' is not supported/],
  [gemma, [{ role: 'user', content: [{ type: 'text' }] }], 'ERR_INVALID_PROMPT', /messages\[0\]\.content\[0\]\.text/],
  [gemma, [{ role: 'user', content: 5 }], 'ERR_INVALID_PROMPT', /text or a list of parts; found 5/],
  // Field faults, section 6, M5.
  ['{% for i in range(100000000) %}x{% endfor %}', [question], 'ERR_INVALID_PROMPT', /Range too big/],
])('%j with %j is refused', async (source, messages, code, message) => {
  const render = await template({ chat_template: source });
  expect(() => render(messages as ChatMessage[])).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});

// Field faults, section 2: lists as content, and B10.
test('a list of parts reaches the template, and tools and documents are None', async () => {
  const render = await template({
    chat_template:
      '{% for m in messages %}{% for p in m.content %}{{ p.text | trim }};{% endfor %}{% endfor %}' +
      '{{ tools is none }}{{ documents is not none }}',
  });
  const content = [
    { type: 'text', text: ' One' },
    { type: 'text', text: 'two ' },
  ];
  expect(render([{ role: 'user', content }])).toBe('One;two;TrueFalse');
});

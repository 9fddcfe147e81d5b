import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { fileExists, readTextFile } from '../io/files';
import { isObject } from '../is-object';
import { TemplateError, UnsupportedError } from '../jinja/errors';
import type { Template } from '../jinja/template';
import { lazy } from '../lazy';
import { checkOptions, invalid } from '../validate';

/** A part of the content of a message, for templates that take lists: `{ type: 'text', text }`. */
export interface ChatContentPart {
  readonly type: string;
  readonly text?: string;
}

export interface ChatMessage {
  /** The role, as defined by the model's template: `system`, `user`, `assistant`. */
  readonly role: string;
  readonly content: string | readonly ChatContentPart[];
}

/** A conversation as a prompt. The model's chat template turns it into text. */
export interface ChatPrompt {
  readonly messages: readonly ChatMessage[];
}

/** Loaded on first use, because most programs do not render conversations. */
const templates = lazy(() => require('../jinja/template') as typeof import('../jinja/template'));

/** The chat template of a model: a Jinja template and the special tokens it uses. */
export class ChatTemplate {
  readonly #template: Template;
  readonly #specialTokens: Readonly<Record<string, string>>;

  /**
   * @throws CircuitTracerError `ERR_TOKENIZER` for a template that cannot be parsed or contains an unsupported
   * construct.
   */
  constructor(source: string, specialTokens: Readonly<Record<string, string>>) {
    try {
      this.#template = new (templates().Template)(source);
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new CircuitTracerError('ERR_TOKENIZER', `The model's chat template cannot be parsed: ${reason}.`, {
        cause,
      });
    }
    this.#specialTokens = specialTokens;
  }

  /**
   * Render the conversation as text, with special tokens written out. The model's turn is opened unless the last
   * message is from the model.
   *
   * @throws CircuitTracerError `ERR_INVALID_PROMPT` for an empty conversation or one that the template rejects;
   * `ERR_TOKENIZER` for an unsupported construct.
   */
  render(messages: readonly ChatMessage[]): string {
    checkMessages(messages);
    const isAnswered = messages.at(-1)?.role === 'assistant';
    try {
      return this.#template.render({
        ...this.#specialTokens,
        messages: messages.map(({ role, content }) => ({ role, content })),
        // As in transformers when there are none.
        tools: null,
        documents: null,
        add_generation_prompt: !isAnswered,
      });
    } catch (cause) {
      throw refused(cause);
    }
  }
}

function refused(cause: unknown): CircuitTracerError {
  const reason = (cause as Error).message;
  if (cause instanceof UnsupportedError) {
    return new CircuitTracerError('ERR_TOKENIZER', `The model's chat template cannot be used: ${reason}.`, { cause });
  }
  const advice = cause instanceof TemplateError ? ' Check their roles and order.' : '';
  return new CircuitTracerError(
    'ERR_INVALID_PROMPT',
    `The model's chat template rejects these messages: ${reason}${advice}`,
    {
      cause,
    },
  );
}

const code = 'ERR_INVALID_PROMPT';

function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalid('messages', 'a list of at least one { role, content }', messages, code);
  }
  for (const [i, message] of messages.entries()) {
    checkOptions(message, ['role', 'content'], `messages[${i}]`);
    const { role, content } = message;
    if (typeof role !== 'string') throw invalid(`messages[${i}].role`, 'text', role, code);
    if (typeof content !== 'string') checkParts(content, `messages[${i}].content`);
  }
}

function checkParts(content: unknown, name: string): void {
  if (!Array.isArray(content)) throw invalid(name, 'text or a list of parts', content, code);
  for (const [i, part] of content.entries()) {
    checkOptions(part, ['type', 'text'], `${name}[${i}]`);
    for (const key of ['type', 'text'] as const) {
      if (key === 'text' && part.text === undefined && part.type !== 'text') continue;
      if (typeof part[key] !== 'string') throw invalid(`${name}[${i}].${key}`, 'text', part[key], code);
    }
  }
}

/**
 * Read the template of chat_template.jinja or tokenizer_config.json, or the one named `default` if there are several.
 * Undefined for a base model, which has none. The template is parsed on first use, so that a broken one does not affect
 * other prompts.
 *
 * @param specialTokens the texts of special tokens such as `bos_token`
 * @throws CircuitTracerError `ERR_FILE_READ` or `ERR_FILE_FORMAT` for a file that cannot be read.
 */
export async function readChatTemplate(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  specialTokens: Readonly<Record<string, string>>,
): Promise<(() => ChatTemplate) | undefined> {
  const file = join(folder, 'chat_template.jinja');
  const source = (await fileExists(file)) ? await readTextFile(file) : configured(config.chat_template);
  if (source === undefined) return undefined;
  let template: ChatTemplate | undefined;
  return () => {
    template ??= new ChatTemplate(source, specialTokens);
    return template;
  };
}

function configured(template: unknown): string | undefined {
  if (typeof template === 'string') return template;
  if (!Array.isArray(template)) return undefined;
  const named = template.filter(isObject);
  const chosen = named.find(({ name }) => name === 'default') ?? named[0];
  return typeof chosen?.template === 'string' ? chosen.template : undefined;
}

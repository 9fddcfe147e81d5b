import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CircuitTracerError } from '../errors';
import { fileExists, isObject } from '../io/files';
import { checkOptions, describe } from '../validate';

/** The part of `@huggingface/jinja` used here; its own declarations can't be resolved from CommonJS. */
type JinjaTemplate = new (source: string) => { render(context: Record<string, unknown>): string };

export interface ChatMessage {
  /** As the model's template knows them: `system`, `user`, `assistant`. */
  readonly role: string;
  readonly content: string;
}

/** A conversation in place of a prompt; the model's chat template turns it into text. */
export interface ChatPrompt {
  readonly messages: readonly ChatMessage[];
}

/** How a model wants conversations written: a Jinja template, and the special tokens it names. */
export class ChatTemplate {
  readonly #template: InstanceType<JinjaTemplate>;
  readonly #specialTokens: Readonly<Record<string, string>>;

  /** @throws CircuitTracerError `ERR_TOKENIZER` for a template that can't be parsed. */
  constructor(Template: JinjaTemplate, source: string, specialTokens: Readonly<Record<string, string>>) {
    try {
      this.#template = new Template(source);
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new CircuitTracerError('ERR_TOKENIZER', `The model's chat template can't be parsed: ${reason}`, { cause });
    }
    this.#specialTokens = specialTokens;
  }

  /**
   * The conversation as text, special tokens written out; the model's own turn is opened unless the last message is its own.
   *
   * @throws CircuitTracerError `ERR_INVALID_PROMPT` for no messages, or those the template refuses.
   */
  render(messages: readonly ChatMessage[]): string {
    checkMessages(messages);
    const isAnswered = messages.at(-1)?.role === 'assistant';
    try {
      return this.#template.render({
        ...this.#specialTokens,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: !isAnswered,
      });
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new CircuitTracerError(
        'ERR_INVALID_PROMPT',
        `The model's chat template refuses these messages: ${reason} Check their roles and order.`,
        { cause },
      );
    }
  }
}

function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalid(`messages must be a list of at least one { role, content }; found ${describe(messages)}.`);
  }
  for (const [i, message] of messages.entries()) {
    checkOptions(message, ['role', 'content'], `messages[${i}]`);
    for (const name of ['role', 'content'] as const) {
      const value = message[name];
      if (typeof value !== 'string') throw invalid(`messages[${i}].${name} must be text; found ${describe(value)}.`);
    }
  }
}

/**
 * The template of chat_template.jinja or tokenizer_config.json, the one called `default` where there are several;
 * undefined for a base model, which has none. Parsed when first used: a broken one is no hindrance to other prompts.
 */
export async function readChatTemplate(
  folder: string,
  config: Readonly<Record<string, unknown>>,
): Promise<(() => ChatTemplate) | undefined> {
  const file = join(folder, 'chat_template.jinja');
  const source = (await fileExists(file)) ? await readFile(file, 'utf8') : configured(config.chat_template);
  if (source === undefined) return undefined;
  const { Template } = await import('@huggingface/jinja');
  let template: ChatTemplate | undefined;
  return () => {
    template ??= new ChatTemplate(Template, source, specialTokens(config));
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

/** `bos_token` and its like, stored as text or as an object with the text in `content`. */
function specialTokens(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = Object.entries(config).filter(([name]) => /^[a-z]+_token$/.test(name));
  const texts = named.map(([name, token]) => [name, isObject(token) ? token.content : token]);
  return Object.fromEntries(texts.filter(([, text]) => typeof text === 'string'));
}

function invalid(message: string): CircuitTracerError {
  return new CircuitTracerError('ERR_INVALID_PROMPT', message);
}

import { isObject } from '../is-object';
import { describe } from '../validate';
import { integer, type Json, refuse } from './refuse';

/** The tokens of a model and their unique ids. */
export class Vocabulary {
  readonly #ids = new Map<string, number>();
  readonly #tokens = new Map<number, string>();

  /** @throws CircuitTracerError `ERR_TOKENIZER` for an id that belongs to another token. */
  add(token: string, id: number, name: string): void {
    const holder = this.#tokens.get(id);
    if (holder !== undefined && holder !== token) {
      throw refuse(`${name} assigns the id ${id} to both ${describe(holder)} and ${describe(token)}.`);
    }
    const other = this.#ids.get(token);
    if (other !== undefined && other !== id)
      throw refuse(`${name} assigns the ids ${other} and ${id} to ${describe(token)}.`);
    this.#ids.set(token, id);
    this.#tokens.set(id, token);
  }

  /** A list may contain a token twice. The later index is its id, and both indices decode to it. */
  addListed(token: string, id: number): void {
    this.#ids.set(token, id);
    this.#tokens.set(id, token);
  }

  id(token: string): number | undefined {
    return this.#ids.get(token);
  }

  token(id: number): string | undefined {
    return this.#tokens.get(id);
  }

  get size(): number {
    return this.#tokens.size;
  }
}

/** @throws CircuitTracerError `ERR_TOKENIZER` unless `given` maps tokens to unique ids. */
export function readVocabulary(given: unknown, name: string): Vocabulary {
  if (!isObject(given)) throw refuse(`${name} must be an object of tokens and their ids; found ${describe(given)}.`);
  const vocabulary = new Vocabulary();
  for (const [token, id] of Object.entries(given as Json)) {
    vocabulary.add(token, integer(id, `${name}[${JSON.stringify(token)}]`), name);
  }
  return vocabulary;
}

import { TemplateError } from './errors';
import { type Arguments, Float, isNumber, numberOf, truth, typeName, Undefined, type Value } from './values';

/** The arguments of a call by parameter name, positional ones first. */
export class Bound {
  readonly #values = new Map<string, Value>();

  /** @throws TemplateError for too many arguments or an unknown name. */
  constructor(
    readonly callee: string,
    { positional, named }: Arguments,
    parameters: readonly string[],
  ) {
    if (positional.length > parameters.length) {
      throw new TemplateError(`${callee}() takes at most ${parameters.length} arguments (${positional.length} given)`);
    }
    for (const [i, value] of positional.entries()) this.#values.set(parameters[i] as string, value);
    for (const [name, value] of named) {
      if (!parameters.includes(name))
        throw new TemplateError(`${callee}() got an unexpected keyword argument '${name}'`);
      this.#values.set(name, value);
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  value(name: string, fallback?: Value): Value {
    const found = this.#values.get(name) ?? fallback;
    if (found !== undefined) return found;
    throw new TemplateError(`${this.callee}() is missing the argument '${name}'`);
  }

  text(name: string, fallback?: string): string {
    const found = this.value(name, fallback);
    if (typeof found === 'string') return found;
    if (found instanceof Undefined) found.fail();
    throw new TemplateError(`${this.callee}(): ${name} must be str, not ${typeName(found)}`);
  }

  /** Text; null for None and for an omitted argument. */
  textOrNull(name: string): string | null {
    return this.value(name, null) === null ? null : this.text(name);
  }

  integer(name: string, fallback?: number): number {
    const found = this.value(name, fallback);
    if (isNumber(found) && !(found instanceof Float)) return numberOf(found);
    throw new TemplateError(`${this.callee}(): ${name} must be int, not ${typeName(found)}`);
  }

  integerOrNull(name: string): number | null {
    return this.value(name, null) === null ? null : this.integer(name);
  }

  flag(name: string, fallback: boolean): boolean {
    return truth(this.value(name, fallback));
  }
}

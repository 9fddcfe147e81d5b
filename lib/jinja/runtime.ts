import type { Budget } from './budget';
import { TemplateError } from './errors';
import { Namespace, Undefined, type Value } from './values';

/** What a part of a template writes. */
export class Output {
  readonly #parts: string[] = [];
  #length = 0;

  constructor(readonly budget: Budget) {}

  write(text: string): void {
    this.#length += text.length;
    this.budget.room(this.#length > 2 ** 20 ? this.#length : 0);
    this.#parts.push(text);
  }

  text(): string {
    return this.#parts.join('');
  }
}

/** The values of names. Inner scopes see outer ones. */
export class Scope {
  readonly #names = new Map<string, Value>();

  constructor(
    readonly budget: Budget,
    readonly parent?: Scope,
  ) {}

  inner(): Scope {
    return new Scope(this.budget, this);
  }

  set(name: string, value: Value): void {
    this.#names.set(name, value);
  }

  get(name: string): Value {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      const value = scope.#names.get(name);
      if (value !== undefined) return value;
    }
    return new Undefined(`'${name}' is undefined`);
  }
}

/** Thrown by `break` and `continue`, and caught by the enclosing loop. */
export class LoopSignal extends Error {
  constructor(readonly kind: 'break' | 'continue') {
    super(`${kind} outside of a loop`);
  }
}

export type Expression = (scope: Scope) => Value;
export type Statement = (scope: Scope, out: Output) => void;

/** The output of a sequence of statements. */
export function captured(body: Statement, scope: Scope): string {
  const out = new Output(scope.budget);
  body(scope, out);
  return out.text();
}

/** A target of `set`, `for` and `with`: a name, an attribute of a namespace, or several. */
export type Target = (scope: Scope, value: Value) => void;

export function setAttribute(name: string, attribute: string): Target {
  return (scope, value) => {
    const holder = scope.get(name);
    if (!(holder instanceof Namespace)) throw new TemplateError('cannot assign attribute on non-namespace object');
    holder.attributes.set(attribute, value);
  };
}

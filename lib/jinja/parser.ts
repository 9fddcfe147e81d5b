import { work } from './budget';
import { TemplateSyntaxError, UnsupportedError } from './errors';
import {
  called,
  constantOrName,
  describeToken,
  entries,
  negated,
  noArguments,
  sliceBound,
  unpacking,
} from './expressions';
import { filterOf } from './filters';
import type { Token } from './lexer';
import { attribute, binary, compared, item, safeInteger, slice } from './operators';
import type { Expression, Scope, Target } from './runtime';
import { setAttribute } from './runtime';
import { testOf } from './tests';
import { str } from './text';
import { type Arguments, Float, items, type Key, keyOf, Tuple, truth, Undefined, type Value, workOn } from './values';

const end: Token = { type: 'end', value: '' };
const deepest = 200;

/** Parses the expressions of one tag, following Jinja's own parser, and turns them into functions. */
export class ExpressionParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  next(): Token {
    const token = this.current;
    this.#at++;
    return token;
  }

  is(type: Token['type'], ...values: readonly string[]): boolean {
    return this.current.type === type && (values.length === 0 || values.includes(this.current.value));
  }

  /** Skip the current token if it is the operator, and return whether it was. */
  skip(value: string): boolean {
    const found = this.is('operator', value);
    if (found) this.#at++;
    return found;
  }

  skipName(value: string): boolean {
    const found = this.is('name', value);
    if (found) this.#at++;
    return found;
  }

  expect(value: string): void {
    if (this.skip(value)) return;
    throw new TemplateSyntaxError(`expected ${JSON.stringify(value)}, found ${describeToken(this.current)}`);
  }

  name(): string {
    if (this.current.type === 'name') return this.next().value;
    throw new TemplateSyntaxError(`expected a name, found ${describeToken(this.current)}`);
  }

  finish(): void {
    if (this.current.type !== 'end') throw new TemplateSyntaxError(`unexpected ${describeToken(this.current)}`);
  }

  expression(): Expression {
    if (++this.#depth > deepest) throw new TemplateSyntaxError(`expressions are nested more than ${deepest} deep`);
    let value = this.or();
    while (this.skipName('if')) {
      const [then, test] = [value, this.or()];
      const otherwise = this.skipName('else') ? this.expression() : undefined;
      value = (scope) => {
        if (truth(test(scope))) return then(scope);
        return otherwise ? otherwise(scope) : new Undefined('the inline if-expression has no else section');
      };
    }
    this.#depth--;
    return value;
  }

  or(): Expression {
    let left = this.#and();
    while (this.skipName('or')) {
      const [a, b] = [left, this.#and()];
      left = (scope) => {
        const value = a(scope);
        return truth(value) ? value : b(scope);
      };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.skipName('and')) {
      const [a, b] = [left, this.#not()];
      left = (scope) => {
        const value = a(scope);
        return truth(value) ? b(scope) : value;
      };
    }
    return left;
  }

  #not(): Expression {
    let nots = 0;
    while (this.skipName('not')) nots++;
    const value = this.#comparison();
    if (nots === 0) return value;
    return (scope) => truth(value(scope)) === (nots % 2 === 0);
  }

  /** `a < b < c`: every pair must be true. */
  #comparison(): Expression {
    const first = this.#sum();
    const rest: (readonly [string, Expression])[] = [];
    for (let operator = this.#comparer(); operator; operator = this.#comparer()) rest.push([operator, this.#sum()]);
    if (rest.length === 0) return first;
    return (scope) => {
      let left = first(scope);
      for (const [operator, right] of rest) {
        const value = right(scope);
        if (!compared(operator, left, value)) return false;
        left = value;
      }
      return true;
    };
  }

  #comparer(): string | undefined {
    if (this.is('operator', '==', '!=', '<', '>', '<=', '>=')) return this.next().value;
    if (this.skipName('in')) return 'in';
    const after = this.#tokens[this.#at + 1];
    if (!this.is('name', 'not') || after?.type !== 'name' || after.value !== 'in') return undefined;
    this.#at += 2;
    return 'not in';
  }

  #leftToRight(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    while (this.is('operator', ...operators)) {
      const operator = this.next().value;
      const [a, b] = [left, operand()];
      left = (scope) => binary(operator, a(scope), b(scope), scope.budget);
    }
    return left;
  }

  #sum = (): Expression => this.#leftToRight(['+', '-'], this.#concatenation);

  #concatenation = (): Expression => {
    const parts = [this.#product()];
    while (this.skip('~')) parts.push(this.#product());
    const [only] = parts;
    if (parts.length === 1 && only) return only;
    return (scope) => {
      const text = parts.map((part) => str(part(scope))).join('');
      work(text.length);
      scope.budget.room(text.length > 2 ** 20 ? text.length : 0);
      return text;
    };
  };

  #product = (): Expression => this.#leftToRight(['*', '/', '//', '%'], this.#power);
  #power = (): Expression => this.#leftToRight(['**'], () => this.#unary(true));

  #unary(filters: boolean): Expression {
    if (++this.#depth > deepest) throw new TemplateSyntaxError(`expressions are nested more than ${deepest} deep`);
    let value: Expression;
    if (this.skip('-')) value = negated(this.#unary(false), -1);
    else if (this.skip('+')) value = negated(this.#unary(false), 1);
    else value = this.#primary();
    value = this.#postfix(value);
    this.#depth--;
    return filters ? this.#filters(value) : value;
  }

  #primary(): Expression {
    const { type, value } = this.next();
    if (type === 'name') return constantOrName(value);
    if (type === 'integer') {
      const number = safeInteger(Number(value));
      return () => number;
    }
    if (type === 'float') {
      const number = new Float(Number(value));
      return () => number;
    }
    if (type === 'string') {
      let text = value;
      while (this.is('string')) text += this.next().value;
      return () => text;
    }
    if (value === '(') return this.#parenthesised();
    if (value === '[') return this.#list();
    if (value === '{') return this.#dict();
    throw new TemplateSyntaxError(`unexpected ${describeToken({ type, value })}`);
  }

  #parenthesised(): Expression {
    if (this.skip(')')) return () => new Tuple([]);
    const value = this.tuple(() => this.expression());
    this.expect(')');
    return value;
  }

  /** One value, or several separated by commas. */
  tuple(one: () => Expression): Expression {
    const first = one();
    if (!this.is('operator', ',')) return first;
    const parts = [first];
    while (this.skip(',')) {
      if (this.current.type === 'end' || this.is('operator', ')') || this.is('operator', '=')) break;
      parts.push(one());
    }
    return (scope) => new Tuple(parts.map((part) => part(scope)));
  }

  #list(): Expression {
    const parts: Expression[] = [];
    while (!this.skip(']')) {
      if (parts.length > 0) this.expect(',');
      if (this.skip(']')) break;
      parts.push(this.expression());
    }
    return (scope) => parts.map((part) => part(scope));
  }

  #dict(): Expression {
    const parts: [Expression, Expression][] = [];
    while (!this.skip('}')) {
      if (parts.length > 0) this.expect(',');
      if (this.skip('}')) break;
      const key = this.expression();
      this.expect(':');
      parts.push([key, this.expression()]);
    }
    return (scope) => new Map<Key, Value>(parts.map(([key, value]) => [keyOf(key(scope)), value(scope)]));
  }

  #postfix(value: Expression): Expression {
    let out = value;
    for (;;) {
      if (this.skip('.')) out = this.#attribute(out);
      else if (this.skip('[')) out = this.#subscript(out);
      else if (this.is('operator', '(')) out = called(out, this.callArguments());
      else return out;
    }
  }

  #attribute(value: Expression): Expression {
    if (this.is('integer')) {
      const index = Number(this.next().value);
      return (scope) => item(value(scope), index);
    }
    const name = this.name();
    return (scope) => attribute(value(scope), name);
  }

  #subscript(value: Expression): Expression {
    const bounds: (Expression | undefined)[] = [undefined];
    let colons = 0;
    while (!this.skip(']')) {
      if (this.skip(':')) {
        colons++;
        bounds.push(undefined);
      } else if (this.skip(',')) throw new UnsupportedError('a subscript of several parts');
      else bounds[bounds.length - 1] = this.expression();
    }
    const [only] = bounds;
    if (colons === 0 && only) return (scope) => item(value(scope), only(scope));
    if (colons === 0) throw new TemplateSyntaxError('expected a subscript');
    return (scope) =>
      slice(
        value(scope),
        bounds.map((bound) => sliceBound(bound?.(scope) ?? null)),
      );
  }

  #filters(value: Expression): Expression {
    let out = value;
    for (;;) {
      if (this.skip('|')) out = this.filter(out);
      else if (this.skipName('is')) out = this.#test(out);
      else if (this.is('operator', '(')) out = called(out, this.callArguments());
      else return out;
    }
  }

  /** Apply one or more filters to the preceding value. The first bar has been read. */
  filter(value: Expression): Expression {
    const name = this.#dotted();
    const filter = filterOf(name);
    const args = this.is('operator', '(') ? this.callArguments() : noArguments;
    return (scope) => {
      scope.budget.spend();
      const given = value(scope);
      workOn(given);
      const result = filter(given, args(scope), scope);
      workOn(result);
      return result;
    };
  }

  #dotted(): string {
    let name = this.name();
    while (this.skip('.')) name += `.${this.name()}`;
    return name;
  }

  #test(value: Expression): Expression {
    const inverted = this.skipName('not');
    const name = this.#dotted();
    const test = testOf(name);
    let args: (scope: Scope) => Arguments = noArguments;
    if (this.is('operator', '(')) args = this.callArguments();
    else if (this.#beginsArgument()) {
      const one = this.#postfix(this.#primary());
      args = (scope) => ({ positional: [one(scope)], named: new Map() });
    }
    return (scope) => {
      const given = value(scope);
      workOn(given);
      return test(given, args(scope), scope) !== inverted;
    };
  }

  #beginsArgument(): boolean {
    if (this.is('name', 'else', 'or', 'and', 'if', 'in', 'not')) return false;
    if (this.is('name', 'is')) throw new TemplateSyntaxError('tests cannot be chained with is');
    return ['name', 'string', 'integer', 'float'].includes(this.current.type) || this.is('operator', '(', '[', '{');
  }

  callArguments(): (scope: Scope) => Arguments {
    this.expect('(');
    const positional: { readonly value: Expression; readonly spread: boolean }[] = [];
    const named: { readonly name: string | undefined; readonly value: Expression }[] = [];
    while (!this.skip(')')) {
      if (positional.length + named.length > 0) this.expect(',');
      if (this.skip(')')) break;
      if (this.skip('**')) named.push({ name: undefined, value: this.expression() });
      else if (this.skip('*')) positional.push({ value: this.expression(), spread: true });
      else if (this.current.type === 'name' && this.#followedByEquals()) {
        const name = this.name();
        this.expect('=');
        named.push({ name, value: this.expression() });
      } else if (named.length > 0) throw new TemplateSyntaxError('a positional argument follows a named one');
      else positional.push({ value: this.expression(), spread: false });
    }
    return (scope) => ({
      positional: positional.flatMap(({ value, spread }) => (spread ? items(value(scope)) : [value(scope)])),
      named: new Map(
        named.flatMap(({ name, value }) => (name === undefined ? entries(value(scope)) : [[name, value(scope)]])),
      ),
    });
  }

  #followedByEquals(): boolean {
    const after = this.#tokens[this.#at + 1];
    return after?.type === 'operator' && after.value === '=';
  }

  /** The target of an assignment: a name, an attribute of a namespace, or several of them. */
  target(): Target {
    const targets: Target[] = [];
    let isTuple = false;
    do {
      if (this.skip('(')) {
        targets.push(this.target());
        this.expect(')');
      } else {
        const name = this.name();
        targets.push(this.skip('.') ? setAttribute(name, this.name()) : (scope, value) => scope.set(name, value));
      }
      isTuple ||= this.is('operator', ',');
    } while (this.skip(',') && (this.is('name') || this.is('operator', '(')) && !this.is('name', 'in'));
    const [only] = targets;
    return isTuple || !only ? unpacking(targets) : only;
  }
}

import { TemplateError, TemplateSyntaxError, UnsupportedError } from './errors';
import { describeToken } from './expressions';
import type { Part } from './lexer';
import { loopOver } from './loop';
import { macro, type Parameter } from './macro';
import { ExpressionParser } from './parser';
import { captured, type Expression, LoopSignal, type Scope, type Statement } from './runtime';
import { str } from './text';
import { Callable, truth, typeName, type Value } from './values';

type Reader = (tag: ExpressionParser) => Statement;

/** Jinja statements for template inheritance or for uses other than conversations. */
const unsupported = [
  'autoescape',
  'block',
  'debug',
  'do',
  'extends',
  'from',
  'import',
  'include',
  'pluralize',
  'trans',
];

/** Compiles the parts of a template to one function. */
export class TemplateReader {
  readonly #parts: readonly Part[];
  #at = 0;
  #depth = 0;

  readonly #readers: Readonly<Record<string, Reader>> = {
    if: (tag) => this.#if(tag),
    for: (tag) => this.#for(tag),
    set: (tag) => this.#set(tag),
    macro: (tag) => this.#macro(tag),
    call: (tag) => this.#call(tag),
    filter: (tag) => this.#filter(tag),
    with: (tag) => this.#with(tag),
    generation: (tag) => {
      tag.finish();
      const body = this.#until('endgeneration');
      return (scope, out) => body(scope.inner(), out);
    },
    break: (tag) => signal(tag, 'break'),
    continue: (tag) => signal(tag, 'continue'),
  };

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  whole(): Statement {
    const { body, tag } = this.#body([]);
    if (tag) throw new TemplateSyntaxError(`unexpected ${tag.name}`);
    return body;
  }

  /** Read statements up to and including a tag with one of the names. */
  #body(ends: readonly string[]): { body: Statement; tag: { name: string; rest: ExpressionParser } | undefined } {
    if (++this.#depth > 100) throw new TemplateSyntaxError('statements are nested more than 100 deep');
    const statements: Statement[] = [];
    for (let part = this.#parts[this.#at++]; part; part = this.#parts[this.#at++]) {
      if (part.type === 'text') statements.push(literal(part.text));
      else if (part.type === 'output') statements.push(output(new ExpressionParser(part.tokens)));
      else {
        const tag = new ExpressionParser(part.tokens);
        const name = tag.name();
        if (ends.includes(name)) {
          this.#depth--;
          return { body: sequence(statements), tag: { name, rest: tag } };
        }
        statements.push(this.#statement(name, tag));
      }
    }
    if (ends.length > 0) throw new TemplateSyntaxError(`${ends.at(-1)} is missing`);
    return { body: sequence(statements), tag: undefined };
  }

  #until(end: string): Statement {
    const { body, tag } = this.#body([end]);
    // endmacro and endcall may repeat a name.
    if (end !== 'endmacro') tag?.rest.finish();
    return body;
  }

  #statement(name: string, tag: ExpressionParser): Statement {
    const reader = Object.hasOwn(this.#readers, name) ? this.#readers[name] : undefined;
    if (reader) return reader(tag);
    if (unsupported.includes(name)) throw new UnsupportedError(`the statement '${name}'`);
    throw new TemplateSyntaxError(`unknown statement '${name}'`);
  }

  #if(tag: ExpressionParser): Statement {
    const branches: { readonly test: Expression; readonly body: Statement }[] = [];
    let test: Expression | undefined = wholeExpression(tag);
    let otherwise: Statement | undefined;
    while (test) {
      const { body, tag: next } = this.#body(['elif', 'else', 'endif']);
      branches.push({ test, body });
      test = next?.name === 'elif' ? wholeExpression(next.rest) : undefined;
      if (next?.name === 'else') otherwise = this.#until('endif');
    }
    return (scope, out) => {
      const chosen = branches.find((branch) => truth(branch.test(scope)));
      (chosen?.body ?? otherwise)?.(scope, out);
    };
  }

  #for(tag: ExpressionParser): Statement {
    const target = tag.target();
    if (!tag.skipName('in')) throw new TemplateSyntaxError(`for needs 'in', found ${describeToken(tag.current)}`);
    const iterable = tag.tuple(() => tag.or());
    const test = tag.skipName('if') ? tag.expression() : undefined;
    const recursive = tag.skipName('recursive');
    tag.finish();
    const { body, tag: next } = this.#body(['else', 'endfor']);
    const otherwise = next?.name === 'else' ? this.#until('endfor') : undefined;
    return loopOver({ target, iterable, test, recursive, body, otherwise });
  }

  #set(tag: ExpressionParser): Statement {
    const target = tag.target();
    if (tag.skip('=')) {
      const value = tag.tuple(() => tag.expression());
      tag.finish();
      return (scope) => target(scope, value(scope));
    }
    const filters = parseFilters(tag);
    const body = this.#until('endset');
    return (scope) => target(scope, filters(captured(body, scope.inner()), scope));
  }

  #macro(tag: ExpressionParser): Statement {
    const name = tag.name();
    const parameters = parseParameters(tag);
    tag.finish();
    const begin = this.#at;
    const body = this.#until('endmacro');
    const definition = { name, parameters, body, names: this.#namesSince(begin) };
    return (scope) => scope.set(name, macro(definition, scope));
  }

  #call(tag: ExpressionParser): Statement {
    const parameters = tag.is('operator', '(') ? parseParameters(tag) : [];
    const name = tag.name();
    const callee = new ExpressionParser([{ type: 'name', value: name }]).expression();
    const args = tag.callArguments();
    tag.finish();
    const begin = this.#at;
    const body = this.#until('endcall');
    const definition = { name: 'caller', parameters, body, names: this.#namesSince(begin) };
    return (scope, out) => {
      const called: Value = callee(scope);
      if (!(called instanceof Callable)) throw new TemplateError(`'${typeName(called)}' object is not callable`);
      const caller = macro(definition, scope);
      const { positional, named } = args(scope);
      out.write(str(called.call({ positional, named: new Map([...named, ['caller', caller]]) })));
    };
  }

  #namesSince(begin: number): ReadonlySet<string> {
    const tokens = this.#parts.slice(begin, this.#at).flatMap((part) => (part.type === 'text' ? [] : part.tokens));
    return new Set(tokens.filter(({ type }) => type === 'name').map(({ value }) => value));
  }

  #filter(tag: ExpressionParser): Statement {
    let given: Value = '';
    let value: Expression = tag.filter(() => given);
    while (tag.skip('|')) value = tag.filter(value);
    tag.finish();
    const body = this.#until('endfilter');
    return (scope, out) => {
      given = captured(body, scope.inner());
      out.write(str(value(scope)));
    };
  }

  #with(tag: ExpressionParser): Statement {
    const assignments: { target: ReturnType<ExpressionParser['target']>; value: Expression }[] = [];
    while (tag.current.type !== 'end') {
      if (assignments.length > 0) tag.expect(',');
      // One name each, because a comma separates the assignments.
      const name = tag.name();
      tag.expect('=');
      assignments.push({ target: (scope, value) => scope.set(name, value), value: tag.expression() });
    }
    const body = this.#until('endwith');
    return (scope, out) => {
      const inner = scope.inner();
      const values = assignments.map(({ value }) => value(scope));
      for (const [i, { target }] of assignments.entries()) target(inner, values[i] as Value);
      body(inner, out);
    };
  }
}

const literal =
  (text: string): Statement =>
  (_scope, out) =>
    out.write(text);

function output(tag: ExpressionParser): Statement {
  const value = tag.tuple(() => tag.expression());
  tag.finish();
  return (scope, out) => out.write(str(value(scope)));
}

const sequence =
  (statements: readonly Statement[]): Statement =>
  (scope, out) => {
    for (const statement of statements) {
      scope.budget.spend();
      statement(scope, out);
    }
  };

function wholeExpression(tag: ExpressionParser): Expression {
  const value = tag.tuple(() => tag.expression());
  tag.finish();
  return value;
}

function signal(tag: ExpressionParser, kind: 'break' | 'continue'): Statement {
  tag.finish();
  return () => {
    throw new LoopSignal(kind);
  };
}

/** Parse the filters after the name of a block set. */
function parseFilters(tag: ExpressionParser): (text: string, scope: Scope) => Value {
  let given: Value = '';
  let value: Expression = () => given;
  while (tag.skip('|')) value = tag.filter(value);
  tag.finish();
  return (text, scope) => {
    given = text;
    return value(scope);
  };
}

function parseParameters(tag: ExpressionParser): Parameter[] {
  tag.expect('(');
  const out: Parameter[] = [];
  while (!tag.skip(')')) {
    if (out.length > 0) tag.expect(',');
    const name = tag.name();
    const fallback = tag.skip('=') ? tag.expression() : undefined;
    if (!fallback && out.some((parameter) => parameter.fallback)) {
      throw new TemplateSyntaxError('non-default argument follows default argument');
    }
    out.push({ name, fallback });
  }
  return out;
}

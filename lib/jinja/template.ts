import { Bound } from './arguments';
import { Budget, rendering } from './budget';
import { TemplateError, TemplateSyntaxError } from './errors';
import { partsOf } from './lexer';
import { Output, Scope, type Statement } from './runtime';
import { TemplateReader } from './statements';
import { strftime } from './strftime';
import { str } from './text';
import { Callable, fromJson, type Key, Namespace, type Value } from './values';

/** The largest range that the sandbox of templates allows. */
const longestRange = 100_000;

/**
 * A Jinja template of a conversation, rendered as transformers does: sandboxed, `trim_blocks` and `lstrip_blocks`, loop
 * controls, `tojson` without escapes, `raise_exception` and `strftime_now`.
 *
 * Text counts in code points, `{{ }}` prints what Python's `str` does. What isn't here is refused by its name.
 */
export class Template {
  readonly #body: Statement;

  /** @throws TemplateError for a template that can't be parsed or has a construct that isn't supported. */
  constructor(source: string) {
    if (source.length > 2 ** 20) throw new TemplateSyntaxError('the template has more than a million characters');
    this.#body = new TemplateReader(partsOf(source)).whole();
  }

  /** @throws TemplateError for what the template refuses, or does wrong, or when it takes too long. */
  render(context: Readonly<Record<string, unknown>>, now: () => Date = () => new Date()): string {
    const budget = new Budget();
    const globals = new Scope(budget);
    for (const [name, value] of Object.entries(functions(budget, now))) globals.set(name, value);
    for (const [name, value] of Object.entries(context)) globals.set(name, fromJson(value));
    const out = new Output(budget);
    rendering(budget, () => this.#body(globals.inner(), out));
    return out.text();
  }
}

const define = (name: string, parameters: readonly string[], run: (args: Bound) => Value): Callable =>
  new Callable(name, (args) => run(new Bound(name, args, parameters)));

function functions(budget: Budget, now: () => Date): Record<string, Value> {
  return {
    raise_exception: define('raise_exception', ['message'], (args) => {
      throw new TemplateError(str(args.value('message')));
    }),
    strftime_now: define('strftime_now', ['format'], (args) => strftime(now(), args.text('format'))),
    range: define('range', ['start', 'stop', 'step'], (args) => range(args, budget)),
    dict: new Callable('dict', ({ positional, named }) => {
      const [first] = positional;
      return new Map<Key, Value>([...(first instanceof Map ? first : []), ...named]);
    }),
    namespace: new Callable('namespace', ({ positional, named }) => {
      const made = new Namespace();
      const [first] = positional;
      for (const [name, value] of [...(first instanceof Map ? first : []), ...named])
        made.attributes.set(String(name), value);
      return made;
    }),
  };
}

function range(args: Bound, budget: Budget): Value {
  const isShort = !args.has('stop');
  const start = isShort ? 0 : args.integer('start');
  const stop = args.integer(isShort ? 'start' : 'stop');
  const step = args.integer('step', 1);
  if (step === 0) throw new TemplateError('range() arg 3 must not be zero');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > longestRange) {
    throw new TemplateError(`Range too big. The sandbox blocks ranges larger than MAX_RANGE (${longestRange}).`);
  }
  budget.spend(count);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

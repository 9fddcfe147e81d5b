import { Bound } from './arguments';
import { Budget, rendering } from './budget';
import { TemplateError, TemplateSyntaxError } from './errors';
import { partsOf } from './lexer';
import { Output, Scope, type Statement } from './runtime';
import { TemplateReader } from './statements';
import { strftime } from './strftime';
import { str } from './text';
import { Callable, fromJson, type Key, Namespace, type Value } from './values';

/** The largest range that the template sandbox allows. */
const maxRange = 100_000;

/**
 * A Jinja chat template, rendered as in transformers: sandboxed, with `trim_blocks`, `lstrip_blocks`, loop controls,
 * `tojson` without escapes, `raise_exception` and `strftime_now`.
 *
 * Text is measured in code points, and `{{ }}` prints like Python's `str`. Unsupported constructs are rejected by name.
 */
export class Template {
  readonly #body: Statement;

  /** @throws TemplateError for a template that cannot be parsed or contains an unsupported construct. */
  constructor(source: string) {
    if (source.length > 2 ** 20) throw new TemplateSyntaxError('the template has more than a million characters');
    this.#body = new TemplateReader(partsOf(source)).whole();
  }

  /** @throws TemplateError when the template rejects its input, fails or takes too long. */
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
  if (count > maxRange) {
    throw new TemplateError(`Range too big. The sandbox blocks ranges larger than MAX_RANGE (${maxRange}).`);
  }
  budget.spend(count);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

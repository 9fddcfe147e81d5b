import { Bound } from './arguments';
import { TemplateError } from './errors';
import { captured, type Expression, LoopSignal, type Output, type Scope, type Statement, type Target } from './runtime';
import { type Arguments, Attributes, Callable, equal, items, Tuple, truth, Undefined, type Value } from './values';

interface Loop {
  readonly target: Target;
  readonly iterable: Expression;
  readonly test: Expression | undefined;
  readonly recursive: boolean;
  readonly body: Statement;
  readonly otherwise: Statement | undefined;
}

const deepest = 100;

/** The statement `for`. Variables set in the body are discarded after each iteration. */
export function loopOver(loop: Loop): Statement {
  return (scope, out) => {
    const given = loop.iterable(scope);
    runLoop(loop, given, scope, out, 0);
  };
}

function runLoop(loop: Loop, given: Value, scope: Scope, out: Output, depth: number): void {
  if (depth > deepest) throw new TemplateError(`a recursive loop is nested more than ${deepest} deep`);
  const all = items(given).filter((item) => passes(loop, item, scope));
  const changes = new Map<string, Value>();
  for (const [index, item] of all.entries()) {
    scope.budget.spend();
    const inner = scope.inner();
    inner.set('loop', loopVariable(loop, all, index, scope, depth, changes));
    loop.target(inner, item);
    try {
      loop.body(inner, out);
    } catch (error) {
      if (!(error instanceof LoopSignal)) throw error;
      if (error.kind === 'break') break;
    }
  }
  if (all.length === 0) loop.otherwise?.(scope.inner(), out);
}

function passes({ target, test }: Loop, item: Value, scope: Scope): boolean {
  scope.budget.spend();
  if (!test) return true;
  const inner = scope.inner();
  target(inner, item);
  return truth(test(inner));
}

/** The variable `loop`: its indices and, for a recursive loop, the loop itself as a function. */
function loopVariable(
  loop: Loop,
  all: readonly Value[],
  index: number,
  scope: Scope,
  depth: number,
  changes: Map<string, Value>,
): Value {
  const none = new Undefined('the loop has no such item');
  const attributes: Readonly<Record<string, () => Value>> = {
    index: () => index + 1,
    index0: () => index,
    revindex: () => all.length - index,
    revindex0: () => all.length - index - 1,
    first: () => index === 0,
    last: () => index === all.length - 1,
    length: () => all.length,
    depth: () => depth + 1,
    depth0: () => depth,
    previtem: () => all[index - 1] ?? none,
    nextitem: () => all[index + 1] ?? none,
    cycle: () => new Callable('cycle', ({ positional }) => cycled(positional, index)),
    changed: () => new Callable('changed', ({ positional }) => changed(changes, positional)),
  };
  const own = new Attributes((name) => attribute(attributes, name));
  return loop.recursive ? recursiveLoop(own, loop, scope, depth) : own;
}

const attribute = (attributes: Readonly<Record<string, () => Value>>, name: string): Value | undefined =>
  Object.hasOwn(attributes, name) ? attributes[name]?.() : undefined;

function cycled(values: readonly Value[], index: number): Value {
  if (values.length === 0) throw new TemplateError('no items for cycling given');
  return values[index % values.length] as Value;
}

function changed(seen: Map<string, Value>, values: readonly Value[]): boolean {
  const before = seen.get('last');
  seen.set('last', new Tuple(values));
  return before === undefined || !equal(before, new Tuple(values));
}

/** `loop(...)` in its own body iterates over further items. */
function recursiveLoop(attributes: Attributes, loop: Loop, scope: Scope, depth: number): Callable {
  const call = (args: Arguments) => {
    const value = new Bound('loop', args, ['iterable']).value('iterable');
    return captured((inner, out) => runLoop(loop, value, inner, out, depth + 1), scope);
  };
  return new Callable('loop', call, attributes);
}

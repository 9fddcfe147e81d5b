import { TemplateError } from './errors';
import { captured, type Expression, type Scope, type Statement } from './runtime';
import { type Arguments, Callable, Tuple, Undefined, type Value } from './values';

export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | undefined;
}

const deepest = 200;
let depth = 0;

export interface MacroDefinition {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: Statement;
  /** The names in the body. A macro takes further arguments if it mentions `varargs`, `kwargs` or `caller`. */
  readonly names: ReadonlySet<string>;
}

/** A function that renders its body. Further arguments are in `varargs` and `kwargs`. */
export function macro(definition: MacroDefinition, outer: Scope): Callable {
  const { name, body } = definition;
  return new Callable(name, (args) => {
    const scope = outer.inner();
    bind(definition, args, scope);
    if (depth >= deepest) throw new TemplateError(`macro calls are nested more than ${deepest} deep`);
    depth++;
    try {
      return captured(body, scope);
    } finally {
      depth--;
    }
  });
}

function bind({ name, parameters, names }: MacroDefinition, { positional, named }: Arguments, scope: Scope): void {
  const rest = new Map(named);
  for (const [i, parameter] of parameters.entries()) {
    let value: Value | undefined = positional[i];
    if (value !== undefined && rest.has(parameter.name)) {
      throw new TemplateError(`macro '${name}' got multiple values for argument '${parameter.name}'`);
    }
    value ??= rest.get(parameter.name);
    rest.delete(parameter.name);
    scope.set(parameter.name, value ?? new Undefined(`parameter '${parameter.name}' was not provided`));
    if (value === undefined && parameter.fallback) scope.set(parameter.name, parameter.fallback(scope));
  }
  const caller = names.has('caller') ? rest.get('caller') : undefined;
  if (caller) {
    scope.set('caller', caller);
    rest.delete('caller');
  }
  if (positional.length > parameters.length && !names.has('varargs')) {
    throw new TemplateError(`macro '${name}' takes at most ${parameters.length} argument(s)`);
  }
  const [other] = rest.keys();
  if (other !== undefined && !names.has('kwargs')) {
    throw new TemplateError(`macro '${name}' takes no keyword argument '${other}'`);
  }
  scope.set('varargs', new Tuple(positional.slice(parameters.length)));
  scope.set('kwargs', rest);
}

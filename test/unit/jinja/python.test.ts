// Field faults, section 2: chat templates (B9, B10, B11 and the listed expressions). The answers are those of transformers
// 5.18; scripts/tokenizer-check/chat.py makes them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TemplateError } from '../../../lib/jinja/errors';
import { Template } from '../../../lib/jinja/template';

interface Case {
  readonly name?: string;
  readonly template?: string;
  readonly context?: Record<string, unknown>;
  readonly want?: string;
  readonly error?: string;
}

const { context, templates, cases } = JSON.parse(readFileSync(path.join(__dirname, 'cases.json'), 'utf8')) as {
  context: Record<string, unknown>;
  templates: Record<string, string>;
  cases: Case[];
};
const now = () => new Date(2026, 10, 28, 9, 5, 7);
/** Lawful constructs that conversations have no use for. */
const refused = /items }}|attr\('count'\)|encode\('utf-8'\)|random|block|autoescape/;

const render = ({ name = '', template = templates[name] ?? '', context: own = context }: Case) =>
  new Template(template).render(own, now);

const shown = cases.map(
  (one) => [one.template ?? `${one.name} with ${JSON.stringify(one.context?.messages)}`, one] as const,
);

test.each(shown.filter(([, { want }]) => want !== undefined))('%s renders as in Python', (template, one) => {
  if (refused.test(one.template ?? '') && !template.includes('|random')) {
    const found = attempt(() => render(one));
    if (found instanceof Error) {
      expect(found.message).toMatch(/is not supported/);
      return;
    }
  }
  expect(render(one)).toBe(one.want);
});

test.each(shown.filter(([, { error }]) => error !== undefined))('%s is refused as in Python', (_template, one) => {
  expect(attempt(() => render(one))).toBeInstanceOf(TemplateError);
});

/** A list in a list, so often that its text has 2 to the 40 numbers. */
function doubled(name: string): string {
  return `{% set ${name} = [1] %}${`{% set ${name} = [${name}, ${name}] %}`.repeat(40)}`;
}

// Field faults, section 6, M5.
test.each([
  '{% for i in range(100000000) %}{% endfor %}',
  '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
  '{% for i in range(99999) %}{{ "a" * 9999 }}{% endfor %}',
  '{{ "a" * 10000000000 }}',
  '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  `${'{% if 1 %}'.repeat(5000)}`,
  `{{ ${'('.repeat(5000)} }}`,
  // Few statements, each of which reads much.
  ...[
    'x[::-1]',
    'x|replace("a", "b")|title',
    'x|upper',
    'x.upper()',
    'x.split("a")',
    'x ~ i',
    'x + "b"',
    'x|length',
    'x[5]',
    'x|list|sort',
    'x|tojson',
    'x is lower',
    '"b" in x',
    'x % 1',
  ].map(
    (expression) =>
      `{% set x = "a" * 100000 %}{% for i in range(99999) %}{% if ${expression} == "b" %}{% endif %}{% endfor %}`,
  ),
  ...['y', 'x == y', 'x|tojson', 'x|join', 'x in [y]'].map(
    (expression) => `${doubled('x')}${doubled('y')}{{ ${expression} }}`,
  ),
])('%.40s ends with an error', (template) => {
  expect(attempt(() => new Template(template).render({}))).toBeInstanceOf(TemplateError);
});

function attempt<T>(run: () => T): T | unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { families, keysOf, planModel } from '../../../lib/model/families';
import { type ConfigKey, commonKeys } from '../../../lib/model/families/config-keys';
import type { Family } from '../../../lib/model/families/family';
import { memoryCheckpoint } from '../../support/memory-checkpoint';
import classKeys from './class-keys.json';

interface Result {
  readonly transformers: string;
  readonly families: Readonly<Record<string, { readonly variations: number; readonly differs?: number }>>;
}

const results: readonly Result[] = require('../../../scripts/config-check/results.json');
const { docsPage } = require('../../../scripts/config-check/docs-page') as {
  docsPage: (families: readonly Family[], common: readonly ConfigKey[], results: readonly Result[]) => string;
};

const root = join(__dirname, '..', '..', '..');
const named = families.map((family) => [family.title, family] as const);

/** Name of the family in the list that scripts/config-check/list_keys.py made of transformers 4.57.3 and 5.18.0. */
function keysOfClass(modelTypes: readonly string[]): string[] {
  return Object.entries(classKeys).find(([family]) => modelTypes.includes(family))?.[1] ?? [];
}

describe.each(named)('the table of %s', (_, family) => {
  const keys = keysOf(family);
  const names = keys.flatMap(({ key, aliases = [] }) => [key, ...aliases]);

  test('names every key of the configuration classes, once', () => {
    expect(keysOfClass(family.modelTypes).length).toBeGreaterThan(20);
    expect(keysOfClass(family.modelTypes).filter((key) => !names.includes(key))).toEqual([]);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test('has all that planning looks at, and nothing called read that it does not look at', () => {
    const seen = new Set<string>();
    const watched = (values: Record<string, unknown>) =>
      new Proxy(values, {
        getOwnPropertyDescriptor: (target, key) => {
          seen.add(String(key));
          return Reflect.getOwnPropertyDescriptor(target, key);
        },
      });
    for (const model_type of family.modelTypes) {
      // A window, so that all keys of windows are asked for.
      const settings = watched({ model_type, use_sliding_window: true });
      const config = model_type === 'gemma3' ? watched({ model_type, text_config: settings }) : settings;
      expect(() => planModel(memoryCheckpoint(config, {}))).toThrow(expect.objectContaining({ code: 'ERR_WEIGHT' }));
    }
    expect([...seen].filter((key) => !names.includes(key))).toEqual([]);
    const idle = keys.filter(({ key, effect }) => effect === 'none' && seen.has(key));
    expect(idle).toEqual([]);
    // Planning ends at the first weight, before the tie is asked for.
    const unread = keys.filter(({ key, effect }) => effect === 'read' && !seen.has(key)).map(({ key }) => key);
    expect(unread.filter((key) => !laterRead.includes(key))).toEqual([]);
  });
});

/** Asked for only once weights are there. */
const laterRead = ['tie_word_embeddings', 'attention_bias', 'mlp_bias'];

/** Field faults, section 2: GPT-2's alias keys (A3), and those of the other families. */
describe('other spellings of keys', () => {
  const gpt2 = (config: Record<string, unknown>) => () =>
    planModel(memoryCheckpoint({ model_type: 'gpt2', ...config }, {}));

  test('count as the key does', () => {
    const sizes = { hidden_size: 10, num_attention_heads: 3 };
    expect(gpt2(sizes)).toThrow(/n_head: expected a divisor of n_embd 10, found 3/);
    expect(gpt2({ num_hidden_layers: 0 })).toThrow(/n_layer.*found 0/);
    expect(gpt2({ max_position_embeddings: 0 })).toThrow(/n_positions.*found 0/);
    const experts = memoryCheckpoint({ model_type: 'gpt_oss', num_experts: 3 }, {});
    expect(() => planModel(experts)).toThrow(/num_experts_per_tok: expected at most 3/);
  });

  test('must agree with the main spelling', () => {
    const contradiction = gpt2({ n_head: 12, num_attention_heads: 4 });
    expect(contradiction).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED_MODEL' }));
    expect(contradiction).toThrow(/n_head and num_attention_heads are the same setting.*12 and 4/);
    expect(gpt2({ n_head: 12, num_attention_heads: 12 })).toThrow(expect.objectContaining({ code: 'ERR_WEIGHT' }));
  });

  test('a key that the class does not know is ignored', () => {
    const stray = { n_ctx: 0, head_dim: 'none', sliding_window: -1, layer_types: 3 };
    expect(gpt2(stray)).toThrow(expect.objectContaining({ code: 'ERR_WEIGHT' }));
    const perToken = memoryCheckpoint({ model_type: 'gpt_oss', experts_per_token: 'four' }, {});
    expect(() => planModel(perToken)).toThrow(expect.objectContaining({ code: 'ERR_WEIGHT' }));
  });
});

test('docs/guide/model-configs.md has these tables; scripts/config-check/make-docs.js writes it', () => {
  const page = readFileSync(join(root, 'docs', 'guide', 'model-configs.md'), 'utf8');
  expect(page).toBe(docsPage(families, commonKeys, results));
});

test('no variation of a config differs in silence, by the recorded results', () => {
  expect(results.map(({ transformers }) => transformers)).toEqual(['4.57.3', '5.18.0']);
  const names = families.map(({ modelTypes: [name] }) => name);
  expect(Object.keys(results.at(-1)?.families ?? {})).toEqual(names.sort());
  for (const { families: counts } of results) {
    expect(Object.keys(counts).length).toBeGreaterThanOrEqual(9);
    for (const count of Object.values(counts)) {
      expect(count.variations).toBeGreaterThanOrEqual(20);
      expect(count).not.toHaveProperty('differs');
    }
  }
});

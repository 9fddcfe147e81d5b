import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveLoadOptions } from '../../../lib/engine/load-options';
import { NativeModel } from '../../../lib/engine/native-model';
import { readSafetensorsArrays } from '../../../lib/io/safetensors';
import { families } from '../../../lib/model/families';
import { openModelPlan } from '../../../lib/model/open-model';
import { Random } from '../../../lib/random';
import { transcoderWeights } from '../../../lib/replacement-model/random-weights';
import { expectClose } from '../../support/compare';

interface Run {
  readonly residuals: readonly Float32Array[];
  readonly logits: Float32Array;
}

const { runFolder } = require('../../../scripts/config-check/run-case') as {
  runFolder: (library: object, folder: string, tokens: readonly number[]) => Promise<Run>;
};

const library = { openModelPlan, NativeModel, transcoderWeights, resolveLoadOptions, Random };
const root = join(__dirname, 'configs');
const cases = readdirSync(root).flatMap((family) =>
  readdirSync(join(root, family)).map((name) => [family, name] as const),
);

/**
 * Tiny models whose residual streams and logits are those of transformers 5.18. Among them, of field faults: section 2,
 * Mistral's layer_types (A1), a tied head that differs (A2), no head stored, GPT-2's alias keys (A3); section 3, rope
 * dynamic, yarn with factor null, the head alone of a tied pair, Gemma 3 with a softcap that transformers ignores.
 */
describe('residual streams and logits of transformers:', () => {
  test('a few cases of every family', () => {
    expect([...new Set(cases.map(([family]) => family))].sort()).toEqual(
      families.map(({ modelTypes: [name] }) => name).sort(),
    );
    expect(cases.length).toBeGreaterThan(40);
  });

  test.each(cases)('%s, %s', async (family, name) => {
    const folder = join(root, family, name);
    const { tokens } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'));
    const found = await runFolder(library, folder, tokens);
    const { arrays } = await readSafetensorsArrays(join(folder, 'expected.safetensors'));
    const expected = (array: string) => arrays.get(array)?.data as Float32Array;
    const size = expected('residuals').length / found.residuals.length;
    found.residuals.forEach((residual, i) => {
      expectClose(`residual stream ${i}`, residual, expected('residuals').subarray(i * size, (i + 1) * size));
    });
    expectClose('logits', found.logits, expected('logits'));
  });
});

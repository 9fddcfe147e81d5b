import pino from 'pino';
import type { Intervention, ModelSpec, TranscoderSpec } from '../../../lib';
import { setLogger } from '../../../lib';
import { EditPlan } from '../../../lib/intervention/edits';

const spec = { family: 'test', nLayers: 2, dModel: 3, dVocab: 7, positionEmbedding: 'rotary' } as ModelSpec;
const transcoders = { nLayers: 2, dModel: 3, nFeatures: [10, 20] } as unknown as TranscoderSpec;

const plan = (interventions: unknown, generating = false) =>
  new EditPlan(interventions as Intervention[], { spec, transcoders, prompt: 4, generating });

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', message: expect.stringMatching(message) });

const at = { layer: 1, position: 2, feature: 15 };

test('edits of a pass, positions counted from its start', () => {
  const edits = plan(
    [
      { ...at, value: 3 },
      { ...at, position: [0, 1], scale: [2, -1] },
      { ...at, position: { start: 3 }, add: 0.5 },
    ],
    true,
  );
  const cell = { layer: 1, feature: 15 };
  expect(edits.between(0, 4).features).toEqual([
    { ...cell, kind: 'set', position: 2, value: 3 },
    { ...cell, kind: 'scale', position: 0, value: 2 },
    { ...cell, kind: 'scale', position: 1, value: -1 },
    { ...cell, kind: 'add', position: 3, value: 0.5 },
  ]);
  expect(edits.between(6, 7).features).toEqual([{ ...cell, kind: 'add', position: 0, value: 0.5 }]);
});

test('vector edits are planned per position', () => {
  const hook = 'blocks.0.hook_resid_post';
  const edits = plan([{ hook, position: -1, vector: [1, 2, 3] }]);
  expect(edits.between(0, 4)).toEqual({
    features: [],
    vectors: [{ hookName: hook, position: 3, vector: Float32Array.of(1, 2, 3) }],
  });
});

test('a cell named twice: a warning names both entries', () => {
  const lines: string[] = [];
  setLogger(pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line).msg) }));
  plan([
    { ...at, value: 1 },
    { ...at, feature: 14, value: 1 },
    { ...at, position: { start: -3 }, value: 2 },
  ]);
  setLogger(pino({ level: 'silent' }));
  expect(lines).toEqual([
    'interventions[0] and interventions[2] both edit feature 15 of layer 1 at position 2. The later entry wins.',
  ]);
});

test.each<[unknown, RegExp]>([
  [{ ...at, layer: 2, value: 1 }, /interventions\[0\]\.layer.*0 to 1; found 2/],
  [{ ...at, layer: 0, value: 1 }, /interventions\[0\]\.feature in layer 0.*0 to 9; found 15/],
  [{ ...at, position: 4, value: 1 }, /interventions\[0\]\.position/],
  [{ ...at, value: Number.NaN }, /interventions\[0\]\.value must be a finite number.*NaN/],
  [{ ...at, value: 1e39 }, /3\.4e38/],
  [{ ...at, value: '1' }, /value must be a number or a list/],
  [{ ...at, value: [1, 2] }, /one for each of its 1 positions; found 2/],
  [{ ...at, position: [0, 1], add: [1, Number.POSITIVE_INFINITY] }, /add\[1\].*Infinity/],
  [{ ...at }, /exactly one of value, scale and add; found none/],
  [{ ...at, value: 1, scale: 2 }, /found value and scale/],
  [{ ...at, valeu: 1 }, /Did you mean 'value'/],
  [{ hook: 'blocks.0.hook_resid_pst', position: 0, vector: [1, 2, 3] }, /interventions\[0\]\.hook.*hook_resid_post/],
  [{ hook: 'blocks.0.attn.hook_pattern', position: 0, vector: [1] }, /one vector per position.*\[H, n, n\]/],
  [{ hook: 'hook_embed', position: 0, vector: [1, 2] }, /vector must hold 3 numbers; found 2 numbers/],
  [{ hook: 'hook_embed', position: 0, vector: [1, 2, Number.NaN] }, /vector\[2\].*NaN/],
  [null, /interventions\[0\]/],
])('%j is refused', (entry, message) => {
  expect(() => plan([entry])).toThrow(refusal(message));
});

test('a list of values for an open-ended range is refused during generation', () => {
  const entry = { ...at, position: { start: 2 }, value: [1, 2] };
  expect(
    plan([entry])
      .between(0, 4)
      .features.map(({ value }) => value),
  ).toEqual([1, 2]);
  expect(() => plan([entry], true)).toThrow(refusal(/one number, because its range includes every generated token/));
  expect(() => plan('none')).toThrow(refusal(/must be a list/));
});

import { type AttributedRows, neededFlops, type Shape } from '../../support/needed-flops';

/** All numbers differ, so that none can stand in for another. */
const size: Shape = {
  layers: 2,
  positions: 3,
  width: 5,
  heads: 4,
  kvHeads: 2,
  headWidth: 7,
  mlp: 11,
  vocab: 13,
  features: 17,
};

const none: AttributedRows = { activeFeatures: [], selectedFeatures: [], logits: [] };
// One in layer 0 at position 1, two in layer 1 at positions 1 and 2.
const active = [0, 1, 3, 1, 1, 4, 1, 2, 5];

describe('forward and encode', () => {
  const phase = 'forward and encode';
  // Per layer: 3 positions * 2 * (4 * 7 * 5 queries + 2 * 2 * 7 * 5 keys and values + 7 * 4 * 5 outputs) = 2520; 6 pairs of
  // positions * 4 heads * 7 * 2 for scores, and as many for mixing = 672; 3 * 2 * (3 * 5 * 11) of the MLP = 990.
  const forward = 2 * (2520 + 672 + 990) + 2 * 5 * 13;
  const encode = 2 * (3 * 2 * 5 * 17);

  it('uses each weight once per position, and only the last position’s logits', () => {
    expect(neededFlops(none, size)[phase]).toBe(forward + encode);
  });

  it('adds each decoder row that is written', () => {
    const graph = { ...none, activeFeatures: active };
    expect(neededFlops(graph, size)[phase]).toBe(forward + encode + 3 * 2 * 5);
    // That of layer 0 writes to layer 1, too.
    expect(neededFlops(graph, { ...size, crossLayer: true })[phase]).toBe(forward + encode + 4 * 2 * 5);
  });

  it('adds the skip', () => {
    expect(neededFlops(none, { ...size, skip: true })[phase]).toBe(forward + encode + 2 * (3 * 2 * 5 * 5));
  });
});

/** At m positions: heads' outputs, mixing over m (m + 1) / 2 pairs, and back to the residual stream. */
const attention = (m: number) => m * 2 * 5 * 28 + ((m * (m + 1)) / 2) * 28 * 2 + m * 2 * 14 * 5;
/** Of the one position with a gradient: through outputs and values of each head, then spread over m positions. */
const firstAttention = (m: number) => 2 * (2 * 5 * 28) + m * 4 * 5 * 2;
const inner = 2 * 5;

describe('target rows', () => {
  const phase = 'target rows';

  it('reads off all layers for a logit, from the last position unless it says otherwise', () => {
    const flops = (logits: AttributedRows['logits'], more = {}) =>
      neededFlops({ ...none, activeFeatures: active, logits }, { ...size, ...more })[phase];
    // Of layer 0: 1 decoder row and 3 errors; of layer 1: 2 and 3; then 3 tokens.
    expect(flops([{}])).toBe(firstAttention(3) + attention(3) + inner * (4 + 5 + 3));
    // Position 1: 1 decoder row and 2 errors of either layer, then 2 tokens.
    expect(flops([{ position: 1 }])).toBe(firstAttention(2) + attention(2) + inner * (3 + 3 + 2));
    expect(flops([{}], { crossLayer: true })).toBe(firstAttention(3) + attention(3) + inner * (4 + 6 + 3));
    expect(flops([{}], { skip: true })).toBe(
      firstAttention(3) + attention(3) + inner * (4 + 5 + 3) + 2 * (3 * 2 * 5 * 5),
    );
  });

  it('takes a feature as a target for what it is', () => {
    const logits = [{ position: 1, feature: { layer: 1, feature: 4 } }];
    const targeted = neededFlops({ ...none, activeFeatures: active, logits }, size);
    const selected = neededFlops({ ...none, activeFeatures: active, selectedFeatures: [1] }, size);
    expect(targeted[phase]).toBe(selected['feature rows']);
  });
});

describe('feature rows', () => {
  const flops = (selectedFeatures: readonly number[], more = {}) =>
    neededFlops({ ...none, activeFeatures: active, selectedFeatures }, { ...size, ...more })['feature rows'];

  it('passes the attention of its own layer, and reads off the layers below at positions up to its own', () => {
    // Layer 0, position 1: attention, and 2 tokens.
    expect(flops([0])).toBe(firstAttention(2) + inner * 2);
    // Layer 1, position 2: both attentions; 1 decoder row and 3 errors of layer 0; 3 tokens.
    expect(flops([2])).toBe(firstAttention(3) + attention(3) + inner * (4 + 3));
    expect(flops([0, 2])).toBe((flops([0]) as number) + (flops([2]) as number));
  });

  it('passes the skips of layers below its own', () => {
    expect(flops([0], { skip: true })).toBe(flops([0]));
    expect(flops([2], { skip: true })).toBe((flops([2]) as number) + 3 * 2 * 5 * 5);
  });
});

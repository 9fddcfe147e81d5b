import { ModelConfig } from '../../../lib/model/config';
import { rotaryTable } from '../../../lib/model/rotary';
import { readRotarySettings } from '../../../lib/model/rotary-settings';

const config = (values: Record<string, unknown>) => new ModelConfig(values, 'config.json');
const table = (values: Record<string, unknown>, dimensions = 16, maxPositions = 256) =>
  rotaryTable(readRotarySettings(config(values), { theta: 10000 }), dimensions, maxPositions);

// The same formulas in NumPy, float32; powers differ in their last bits.
function expectFrequencies(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((frequency, t) => {
    expect(Math.abs(frequency / (expected[t] ?? 0) - 1)).toBeLessThan(5e-7);
    expect(Math.fround(frequency)).toBe(frequency);
  });
}

const plain = [
  1, 0.3162277638912201, 0.10000000149011612, 0.03162277862429619, 0.009999999776482582, 0.003162277862429619,
  0.0010000000474974513, 0.0003162277862429619,
];
const llama3 = [
  1, 0.07940301299095154, 0.004700753837823868, 0.0009115831344388425, 0.00017677668074611574, 3.428102354519069e-5,
  6.647870577580761e-6, 1.289173155782919e-6,
];
const yarn = [
  1, 0.1271049976348877, 0.002201423980295658, 0.0003579445765353739, 8.068715396802872e-5, 1.818833698053912e-5,
  4.099978468730114e-6, 9.242089618055616e-7,
];
const truncatedYarn = [
  1, 0.23717081546783447, 0.04999999701976776, 0.007905694656074047, 0.0024999999441206455, 0.0007905694656074047,
  0.0002500000118743628, 7.905694656074047e-5,
];

describe('rotaryTable', () => {
  test('is plain without scaling, in every spelling', () => {
    const spellings = [
      {},
      { rope_scaling: null },
      { rope_scaling: { type: 'default' } },
      { rope_parameters: { rope_type: 'default', rope_theta: 10000 }, rope_theta: 7 },
    ];
    for (const spelling of spellings) {
      expectFrequencies(table(spelling).frequencies, plain);
      expect(table(spelling).attentionFactor).toBe(1);
    }
  });

  test('linear divides all frequencies', () => {
    const { frequencies } = table({ rope_scaling: { type: 'linear', factor: 8 } });
    expectFrequencies(
      frequencies,
      plain.map((frequency) => frequency / 8),
    );
  });

  test('llama3 keeps short wavelengths, slows long ones and blends between', () => {
    const scaling = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 };
    const older = table({ rope_theta: 5e5, rope_scaling: { ...scaling, rope_type: 'llama3' } });
    expectFrequencies(older.frequencies, llama3);
    const newer = table({ rope_parameters: { ...scaling, rope_type: 'llama3', rope_theta: 5e5 } });
    expect(newer).toEqual(older);
  });

  test('yarn ramps between the kept and the slowed, and scales attention', () => {
    const scaling = { rope_type: 'yarn', factor: 32, beta_fast: 16, beta_slow: 1, truncate: false };
    const given = { rope_theta: 150000, rope_scaling: { ...scaling, original_max_position_embeddings: 128 } };
    expectFrequencies(table(given).frequencies, yarn);
    expect(table(given).attentionFactor).toBeCloseTo(1.3465735902799727, 14);
    const fixed = { rope_scaling: { rope_type: 'yarn', factor: 4, attention_factor: 1.5 } };
    expectFrequencies(table(fixed, 16, 128).frequencies, truncatedYarn);
    expect(table(fixed, 16, 128).attentionFactor).toBe(1.5);
  });

  /** Field faults, section 3: rope dynamic, yarn with `factor: null`. */
  test('dynamic is plain up to the longest prompt; yarn takes its factor from the lengths', () => {
    expectFrequencies(table({ rope_scaling: { type: 'dynamic', factor: 8 } }).frequencies, plain);
    const yarnOf = (factor: number | null) =>
      table({ rope_scaling: { rope_type: 'yarn', factor, original_max_position_embeddings: 64 } });
    expect(yarnOf(null)).toEqual(yarnOf(4));
    const beside = { original_max_position_embeddings: 64, rope_scaling: { rope_type: 'yarn', factor: 4 } };
    expect(table(beside)).toEqual(yarnOf(4));
  });

  test('longrope slows each pair by its own factor, where one list serves all lengths', () => {
    const lists = { short_factor: Array(8).fill(2), long_factor: Array(8).fill(4) };
    const longrope = (context: number) =>
      table({
        rope_scaling: { rope_type: 'longrope', factor: 8, original_max_position_embeddings: context, ...lists },
      });
    expectFrequencies(
      longrope(256).frequencies,
      plain.map((frequency) => frequency / 2),
    );
    // sqrt(1 + ln 8 / ln 256)
    expect(longrope(256).attentionFactor).toBeCloseTo(Math.sqrt(1.375), 14);
    expect(() => longrope(64)).toThrow(/rope_type.*max_position_embeddings \(256\)/);
  });

  test('proportional turns the leading pairs at the speeds of the whole head', () => {
    const scaling = { rope_type: 'proportional', partial_rotary_factor: 0.5 };
    expectFrequencies(table({ rope_parameters: scaling }).frequencies.slice(0, 4), plain.slice(0, 4));
    expect(table({ rope_parameters: scaling }).frequencies.slice(4)).toEqual([0, 0, 0, 0]);
  });

  test('refuses other kinds, and kinds without their parameters', () => {
    for (const type of ['spiral', 'mrope']) {
      const scaled = () => table({ rope_scaling: { rope_type: type, factor: 2 } });
      expect(scaled).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED_MODEL' }));
      expect(scaled).toThrow(type);
    }
    expect(() => table({ rope_scaling: { type: 'linear' } })).toThrow(
      /factor: expected a positive number, found undefined/,
    );
    expect(() => table({ rope_scaling: { type: 'llama3', factor: 2 } })).toThrow(/low_freq_factor/);
    expect(() => table({ rope_theta: 0 })).toThrow(/rope_theta/);
    expect(() => table({ rope_scaling: { type: 'dynamic' } })).toThrow(/factor/);
    expect(() => table({ rope_scaling: { type: 'yarn' } })).toThrow(/factor/);
    const share = { partial_rotary_factor: 0.5, rope_scaling: { type: 'linear', factor: 2 } };
    expect(() => table(share)).toThrow(/partial_rotary_factor: expected 1/);
    const nested = { full_attention: { rope_type: 'default' }, sliding_attention: { rope_type: 'default' } };
    expect(() => table({ rope_parameters: nested })).toThrow(/full_attention/);
  });
});

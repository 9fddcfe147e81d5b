import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { viewedShape } from '../../../lib/io/tensor-source';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { transcoderFormats, writeRandomTranscoders } from '../../support/random-transcoders';
import { readSource } from '../../support/read-source';

const fixtures = join(__dirname, '../../integration/parity/transcoders');

describe.each(transcoderFormats)('%s', (format) => {
  const skip = format !== 'gemma-scope-npz';

  test.each([false, true])('has every weight in its place (deflated: %s)', async (deflate) => {
    const { dir, plain } = await writeRandomTranscoders({ format, skip, deflate });
    const { spec, layers } = await planTranscoders(dir);
    const { nLayers, dModel, nFeatures, kind, activation } = plain;
    expect(spec).toEqual({
      kind,
      nLayers,
      dModel,
      nFeatures: Array(nLayers).fill(nFeatures),
      featureInputHook: 'hook_resid_mid',
      featureOutputHook: 'hook_mlp_out',
      activation,
      k: 0,
      hasSkip: skip,
      scan: dir,
      modelName: 'random',
    });
    for (const [layer, found] of layers.entries()) {
      const weights = plain.layers[layer];
      if (!weights) throw new Error('more layers than were written');
      const array = (shape: number[], data: Float32Array) => ({ shape, data: Array.from(data) });
      expect(readSource(found.encoder)).toEqual(array([nFeatures, dModel], weights.encoder));
      expect(readSource(found.encoderBias)).toEqual(array([nFeatures], weights.encoderBias));
      expect(readSource(found.decoder)).toEqual(array([nFeatures, weights.span, dModel], weights.decoder));
      expect(readSource(found.decoderBias)).toEqual(array([dModel], weights.decoderBias));
      if (weights.threshold) expect(readSource(found.threshold)).toEqual(array([nFeatures], weights.threshold));
      else expect(found.threshold).toBeUndefined();
      if (weights.skip) expect(readSource(found.skip)).toEqual(array([dModel, dModel], weights.skip));
      else expect(found.skip).toBeUndefined();
    }
  });
});

test.each(readdirSync(fixtures))('fixture %s has the shapes its spec promises', async (name) => {
  const { spec, layers } = await planTranscoders(join(fixtures, name));
  expect(layers).toHaveLength(spec.nLayers);
  expect(spec.modelName).toMatch(/^tiny-/);
  expect(spec.kind).toBe(name.includes('clt') ? 'crossLayer' : 'perLayer');
  expect(spec.hasSkip).toBe(/skip|gemma-scope-2/.test(name));
  expect(spec.activation).toBe(/jumprelu|gemma-scope/.test(name) ? 'jumprelu' : /topk/.test(name) ? 'topk' : 'relu');
  expect(spec.k).toBe(name.includes('topk') ? 9 : 0);
  for (const [layer, weights] of layers.entries()) {
    const nFeatures = spec.nFeatures[layer] ?? 0;
    const span = spec.kind === 'perLayer' ? 1 : spec.nLayers - layer;
    expect(viewedShape(weights.encoder)).toEqual([nFeatures, spec.dModel]);
    expect(viewedShape(weights.encoderBias)).toEqual([nFeatures]);
    expect(viewedShape(weights.decoder)).toEqual([nFeatures, span, spec.dModel]);
    expect(viewedShape(weights.decoderBias)).toEqual([spec.dModel]);
    expect(weights.threshold && viewedShape(weights.threshold)).toEqual(
      spec.activation === 'jumprelu' ? [nFeatures] : undefined,
    );
    expect(weights.skip && viewedShape(weights.skip)).toEqual(spec.hasSkip ? [spec.dModel, spec.dModel] : undefined);
  }
});

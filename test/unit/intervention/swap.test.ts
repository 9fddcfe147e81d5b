import { swapFeatures } from '../../../lib/intervention/swap';

test('swapFeatures switches off the first features and sets the second', () => {
  const at = (feature: number, activation: number) => ({ layer: 1, position: 9, feature, activation });
  expect(swapFeatures([at(3, 1), at(4, 2)], [at(4, 5), at(6, 7)])).toEqual([
    { layer: 1, position: 9, feature: 3, value: 0 },
    { layer: 1, position: 9, feature: 4, value: 5 },
    { layer: 1, position: 9, feature: 6, value: 7 },
  ]);
});

import path from 'node:path';
import { unreachableTypes } from '../support/public-types';

test('x', () => {
  console.log(
    unreachableTypes(path.join(__dirname, '../../dist/index.d.ts'))
      .map((s) => s.replace(/\(.*\/dist/, '(dist'))
      .join('\n'),
  );
});

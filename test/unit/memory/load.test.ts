import path from 'node:path';
import { estimateMemory } from '../../../lib/memory';
import { runNode } from '../../support/child';
import { writeConstantCheckpoint } from '../../support/constant-checkpoint';
import { temporaryFolder } from '../../support/temporary-folder';

const script = path.join(__dirname, '..', '..', 'support', 'scripts', 'peak-of-load.js');

describe('the predicted peak of a load is within 15 % of the measured one', () => {
  let folders: Awaited<ReturnType<typeof writeConstantCheckpoint>>;
  beforeAll(async () => {
    folders = await writeConstantCheckpoint(temporaryFolder());
  });

  test.each([{}, { lazyDecoder: false }, { lazyEncoder: true }, { dtype: 'bfloat16', lazyDecoder: false }] as const)(
    '%j',
    async (options) => {
      const { model, transcoders } = folders;
      const { stdout, stderr } = await runNode(script, [model, transcoders, JSON.stringify(options)]);
      expect(stderr).toBe('');
      const { load } = await estimateMemory(folders, options);
      const ratio = load.peak / Number(stdout);
      expect(ratio).toBeGreaterThan(0.85);
      expect(ratio).toBeLessThan(1.15);
    },
  );
});

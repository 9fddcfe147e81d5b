import { readdirSync } from 'node:fs';
import path from 'node:path';
import { planTranscoders } from '../../../lib/transcoder';
import { cliScript, runNode } from '../../support/child';
import { writeConstantCheckpoint } from '../../support/constant-checkpoint';
import { transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

const run = (...args: string[]) => runNode(cliScript, ['convert', ...args]);
const newFolder = () => path.join(temporaryFolder(), 'converted');

test('writes a native set and says what it wrote', async () => {
  const out = newFolder();
  const { code, stdout, stderr } = await run(transcoderDir('gemma-scope-tiny'), out, '--dtype', 'bf16');
  expect({ code, stdout }).toEqual({ code: 0, stdout: `4 files, 205 kB, in ${out}\n` });
  expect(stderr).toMatch(/^convert: .* of 205 kB/m);
  expect(readdirSync(out).sort()).toEqual(['config.yaml', ...[0, 1, 2, 3].map((l) => `layer_${l}.safetensors`)]);
  expect((await planTranscoders(out)).layers.every(({ encoder }) => encoder.dtype === 'bfloat16')).toBe(true);
});

test('a folder that holds something is left as it is', async () => {
  const { code, stdout, stderr } = await run('demo', path.join(__dirname, '..'));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/a new or empty folder.*\(ERR_FILE_WRITE\)/);
});

test.each([
  [['demo'], /missing required argument 'to'/],
  [['demo', 'x', '--dtype', 'int8'], /float32, bfloat16, float16/],
])('wrong usage: %j', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

test('Ctrl-C leaves nothing behind', async () => {
  const { transcoders } = await writeConstantCheckpoint(temporaryFolder());
  const out = newFolder();
  let stopped = false;
  const { code } = await runNode(cliScript, ['convert', transcoders, out], {
    onOutput: (text, kill) => {
      if (stopped || !text.includes('convert')) return;
      stopped = true;
      kill('SIGINT');
    },
  });
  expect(code).toBe(130);
  expect(readdirSync(path.dirname(out))).toEqual([]);
});

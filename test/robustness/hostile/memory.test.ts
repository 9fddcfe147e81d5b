import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runNode } from '../../support/child';
import { temporaryFolder } from '../../support/temporary-folder';
import { entriesOf, smallGraph, tensor, writeArchive } from '../../support/torch-archive';

const script = path.join(__dirname, 'scripts', 'load-all.js');

test('files made to exhaust memory are refused in little of it', async () => {
  const folder = temporaryFolder();
  const pickles = [
    `(${'}'.repeat(15_000_000)}l.`,
    `]q\0${'h\0a'.repeat(5_000_000)}.`,
    `${']'.repeat(8_000_000)}${'a'.repeat(7_999_999)}.`,
    `(${'K\x01'.repeat(8_000_000)}l.`,
    `]${`(${'N'.repeat(190_000)}e`.repeat(85)}.`,
    `X\0\0\xe0\0${'x'.repeat(14_680_064)}q\0${'h\0'.repeat(500_000)}.`,
  ];
  const archives = pickles.map((text) =>
    entriesOf(smallGraph()).set('g/data.pkl', Buffer.from(`\x80\x02${text}`, 'latin1')),
  );
  // 400 MB of zeros in 400 kB: the archive is true to its word, the graph's sizes aren't.
  const bomb = smallGraph();
  bomb.value.set('adjacency_matrix', tensor({ count: 10_000 ** 2, shape: [10_000, 10_000] }));
  bomb.storages.set('0', Buffer.alloc(4 * 10_000 ** 2));
  const files = [...archives, entriesOf(bomb)].map((entries, i) => ({ entries, file: path.join(folder, `${i}.pt`) }));
  for (const { entries, file } of files) await writeArchive(file, entries, true);
  const header = path.join(folder, 'header.safetensors');
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(99_000_000n);
  writeFileSync(header, Buffer.concat([start, Buffer.alloc(50_000_000, '{"a":[')]));
  const { code, stdout } = await runNode(script, [...files.map(({ file }) => file), header], {
    nodeArguments: ['--max-old-space-size=256'],
  });
  expect(code).toBe(0);
  const { codes, peakMiB } = JSON.parse(stdout);
  expect(codes).toEqual(Array.from({ length: 8 }, () => 'ERR_FILE_FORMAT'));
  expect(peakMiB).toBeLessThan(600);
});

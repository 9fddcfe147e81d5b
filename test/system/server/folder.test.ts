import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type Logger, pino } from 'pino';
import { setLogger } from '../../../lib/log';
import { resolveServeOptions } from '../../../lib/server/options';
import { expectRejection } from '../../support/expect-rejection';
import { asNobody, canBeNobody } from './support/as-nobody';
import { ask, bodyOf, expectRefusal, graphFile, graphsFolder, graphText, json, started } from './support/server';

const list = async (server: Awaited<ReturnType<typeof started>>) => {
  const response = await ask(server, 'data/graph-metadata.json');
  expect(response.status).toBe(200);
  const { graphs, problems } = await bodyOf(response);
  return { slugs: graphs.map(({ slug }: { slug: string }) => slug), problems };
};

/** What is logged while something is done. */
async function logged(work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  setLogger(pino({}, { write: (line: string) => lines.push(JSON.parse(line).msg) }));
  try {
    await work();
  } finally {
    setLogger(pino({ level: 'silent' }) as Logger);
  }
  return lines;
}

// Field faults, section 6, M3.
describe('a bad file hides no graph', () => {
  test('of files over 2 GiB the beginning is read, and of those that begin as graphs it is enough', async () => {
    const dataDir = graphsFolder();
    const large = path.join(dataDir, 'large.json');
    cpSync(graphFile, large);
    truncateSync(large, 1_900_000_000);
    writeFileSync(path.join(dataDir, 'zeros.json'), '');
    truncateSync(path.join(dataDir, 'zeros.json'), 3 * 2 ** 30);
    const late = `{"nodes": ["${'x'.repeat(9 * 2 ** 20)}"], "links": [], "metadata": {}}`;
    writeFileSync(path.join(dataDir, 'late.json'), late);
    expect(await list(await started({ dataDir }))).toEqual({
      slugs: ['large', 'salt'],
      problems: [
        { file: 'late.json', reason: 'it has no metadata within its first 8 MiB' },
        { file: 'zeros.json', reason: 'it is damaged' },
      ],
    });
  });

  test('files that are damaged or too deep are named once in the log, and in each list', async () => {
    const dataDir = graphsFolder();
    writeFileSync(path.join(dataDir, 'cut.json'), graphText.slice(0, 5000));
    writeFileSync(path.join(dataDir, 'deep.json'), `{"metadata":${'['.repeat(1e6)}`);
    writeFileSync(path.join(dataDir, 'graph-metadata.json'), '{"graphs": ');
    writeFileSync(path.join(dataDir, 'note.json'), '{"no": "graph"}');
    const server = await started({ dataDir });
    const lists: unknown[] = [];
    const lines = await logged(async () => {
      for (let i = 0; i < 3; i++) lists.push(await list(server));
    });
    const problems = [
      { file: 'graph-metadata.json', reason: 'it is damaged, so the list is made from the graph files' },
      { file: 'cut.json', reason: 'it is damaged' },
      { file: 'deep.json', reason: 'it is damaged' },
    ];
    expect(lists).toEqual(Array(3).fill({ slugs: ['salt'], problems }));
    expect(lines).toHaveLength(3);
  });

  (canBeNobody ? test : test.skip)('a file that may not be read, named or not, is left out and refused', async () => {
    const dataDir = graphsFolder();
    for (const slug of ['mine', 'yours']) {
      cpSync(graphFile, path.join(dataDir, `${slug}.json`));
      chmodSync(path.join(dataDir, `${slug}.json`), 0);
    }
    writeFileSync(path.join(dataDir, 'graph-metadata.json'), '{"graphs": [{"slug": "mine"}, {"slug": "salt"}]}');
    const server = await started({ dataDir });
    chmodSync(dataDir, 0o777);
    await asNobody(dataDir, async () => {
      const reason = 'it cannot be read (permission denied)';
      const problems = ['mine.json', 'yours.json'].map((file) => ({ file, reason }));
      expect(await list(server)).toEqual({ slugs: ['salt'], problems });
      await expectRefusal(await ask(server, 'data/mine.json'), 403, 'ERR_FILE_READ');
      await expectRefusal(await ask(server, 'save_graph/mine', json({ qParams: {} })), 403, 'ERR_FILE_READ');
    });
    chmodSync(path.join(dataDir, 'mine.json'), 0o644);
    expect((await list(server)).slugs).toEqual(['mine', 'salt', 'yours']);
  });

  test('a graph of more than 2 GiB is told to be too large for a view', async () => {
    const dataDir = graphsFolder();
    const large = path.join(dataDir, 'large.json');
    cpSync(graphFile, large);
    truncateSync(large, 3 * 2 ** 30);
    const server = await started({ dataDir });
    await expectRefusal(await ask(server, 'save_graph/large', json({ qParams: {} })), 422, 'ERR_FILE_FORMAT');
  });
});

// Field faults, section 6, L14.
(canBeNobody ? test : test.skip)('a folder that may not be read is no empty folder', async () => {
  const dataDir = graphsFolder();
  const server = await started({ dataDir });
  chmodSync(dataDir, 0);
  await asNobody(dataDir, async () => {
    await expectRejection(resolveServeOptions({ dataDir }), 'ERR_FILE_READ', /dataDir.*no permission to read/);
    await expectRejection(resolveServeOptions({ dataDir: '.', featuresDir: dataDir }), 'ERR_FILE_READ', /featuresDir/);
    expect(await list(server)).toEqual({
      slugs: [],
      problems: [{ file: '.', reason: expect.stringMatching(/permission/) }],
    });
  });
  chmodSync(dataDir, 0o755);
});

// Field faults, section 6, M4.
describe('two servers of one folder', () => {
  const address = 'api/graphs/salt/view';
  const opened = async () => {
    const dataDir = graphsFolder();
    const file = path.join(dataDir, 'salt.json');
    return { dataDir, file, servers: [await started({ dataDir }), await started({ dataDir })] };
  };

  test('of saves from one revision one succeeds, whichever server it goes to', async () => {
    const { dataDir, file, servers } = await opened();
    for (let round = 0; round < 10; round++) {
      const revision = (await ask(servers[0] as never, 'data/salt.json')).headers.get('etag');
      const views = servers.map((_, i) => ({ round, i }));
      const responses = await Promise.all(
        servers.map((server, i) => ask(server, address, json({ qParams: views[i], revision }))),
      );
      const statuses = responses.map(({ status }) => status);
      expect([...statuses].sort()).toEqual([200, 409]);
      expect(JSON.parse(readFileSync(file, 'utf8')).qParams).toEqual(views[statuses.indexOf(200)]);
    }
    expect(readdirSync(dataDir).sort()).toEqual(['salt.json', 'salt.json.bak']);
  });

  test('a server that was killed while it saved is waited for no longer than its lock may last', async () => {
    const { dataDir, servers } = await opened();
    const lock = path.join(dataDir, '.salt.json.lock.tmp');
    mkdirSync(lock);
    const long = Date.now() / 1000 - 21;
    utimesSync(lock, long, long);
    expect((await ask(servers[0] as never, address, json({ qParams: { a: 1 } }))).status).toBe(200);
    mkdirSync(lock);
    const waiting = ask(servers[1] as never, address, json({ qParams: { b: 1 } }));
    expect(JSON.parse(readFileSync(path.join(dataDir, 'salt.json'), 'utf8')).qParams).toEqual({ a: 1 });
    rmdirSync(lock);
    expect((await waiting).status).toBe(200);
    expect(readdirSync(dataDir).sort()).toEqual(['salt.json', 'salt.json.bak']);
  });
});

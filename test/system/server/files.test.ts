import { cpSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { GraphServer } from '../../../lib/server';
import { temporaryFolder } from '../../support/temporary-folder';
import { ask, bodyOf, expectRefusal, graphFile, graphsFolder, graphText, started } from './support/server';

const size = Buffer.byteLength(graphText);

/** Bytes as they come over the wire, which `fetch` unpacks. */
function wire({ port }: GraphServer, address: string, headers: Record<string, string>) {
  return new Promise<{ headers: Record<string, unknown>; status?: number; body: Buffer }>((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path: address, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ headers: response.headers, status: response.statusCode, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject).end();
  });
}

describe('a graph file', () => {
  test.each(['data/salt.json', 'graph_data/salt.json'])('%s is the file itself, with its revision', async (address) => {
    const response = await ask(await started(), address);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toBe(graphText);
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{32}/);
  });

  test('is not sent again to a client that has it, and is once it has changed', async () => {
    const dataDir = graphsFolder();
    const server = await started({ dataDir });
    const first = await ask(server, 'data/salt.json');
    const known = first.headers.get('etag') as string;
    for (const tag of [known, `"other", ${known}`, `W/${known}`, '*']) {
      const again = await ask(server, 'data/salt.json', { headers: { 'if-none-match': tag } });
      expect([again.status, await again.text()]).toEqual([304, '']);
      expect(again.headers.get('etag')).toBe(known);
    }
    // Of the same length, and as old as before.
    writeFileSync(path.join(dataDir, 'salt.json'), graphText.replace('She counted', 'She weighed'));
    utimesSync(path.join(dataDir, 'salt.json'), 1, 1);
    const changed = await ask(server, 'data/salt.json', { headers: { 'if-none-match': known } });
    expect(changed.status).toBe(200);
    expect(await changed.text()).toContain('She weighed');
  });

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('is compressed with %s, under a tag of its own that is known again', async (encoding, unpack) => {
    const server = await started();
    const { headers, body } = await wire(server, '/data/salt.json', { 'accept-encoding': `${encoding}, deflate` });
    expect(headers).toMatchObject({ 'content-encoding': encoding, vary: 'Accept-Encoding' });
    expect(headers['content-length']).toBe(String(body.length));
    expect(body.length).toBeLessThan(size / 2);
    expect(unpack(body).toString()).toBe(graphText);
    const tag = headers.etag as string;
    expect(tag).toMatch(new RegExp(`-${encoding}"$`));
    expect((await wire(server, '/data/salt.json', { 'if-none-match': tag })).status).toBe(304);
  });

  test.each(['identity', 'br;q=0, gzip;q=0', 'zstd', ''])('is not compressed for %j', async (accepted) => {
    const { headers, body } = await wire(await started(), '/data/salt.json', { 'accept-encoding': accepted });
    expect(headers['content-encoding']).toBeUndefined();
    expect(body.toString()).toBe(graphText);
  });

  test.each([
    ['bytes=0-9', 0, 9],
    ['bytes=100-', 100, size - 1],
    ['bytes=-10', size - 10, size - 1],
    ['bytes=5-99999999999999999999', 5, size - 1],
    [`bytes=-${size + 5}`, 0, size - 1],
  ])('in part: %s', async (range, start, end) => {
    const headers = { range, 'accept-encoding': 'br' };
    const { status, headers: answered, body } = await wire(await started(), '/data/salt.json', headers);
    expect(status).toBe(206);
    expect(answered['content-range']).toBe(`bytes ${start}-${end}/${size}`);
    expect(answered['content-encoding']).toBeUndefined();
    expect(body.equals(Buffer.from(graphText).subarray(start, end + 1))).toBe(true);
  });

  test.each(['bytes=0-1,4-5', 'lines=1-2'])('whole for %s', async (range) => {
    const response = await ask(await started(), 'data/salt.json', { headers: { range } });
    expect([response.status, await response.text()]).toEqual([200, graphText]);
  });

  test('If-Range gives a part of the same file, and the whole of another', async () => {
    const server = await started();
    const tag = (await ask(server, 'data/salt.json')).headers.get('etag') as string;
    const part = { range: 'bytes=0-1', 'accept-encoding': 'identity' };
    const plain = tag.replace(/-\w+"$/, '"');
    expect((await wire(server, '/data/salt.json', { ...part, 'if-range': plain })).status).toBe(206);
    expect((await wire(server, '/data/salt.json', { ...part, 'if-range': '"other"' })).status).toBe(200);
  });

  test.each(['bytes=', 'bytes=-', 'bytes=a-b', 'bytes=9-2', 'bytes=99999999-', 'bytes=-0', 'bytes=1-2-3'])(
    'not for %s',
    async (range) => {
      const response = await ask(await started(), 'data/salt.json', { headers: { range } });
      await expectRefusal(response, 416, 'ERR_RANGE');
      expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
    },
  );

  test('HEAD tells its size', async () => {
    const response = await ask(await started(), 'data/salt.json', {
      method: 'HEAD',
      headers: { 'accept-encoding': 'identity' },
    });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(size)]);
  });

  test.each(['data/none.json', 'data/salt', 'data/salt.json.bak', 'data/-x.json', 'data/GRAPH-METADATA.json'])(
    'none at %s',
    async (address) => {
      await expectRefusal(await ask(await started(), address), 404, 'ERR_NOT_FOUND');
    },
  );

  test('a link within the folder is followed, one that leaves it is not', async () => {
    const dataDir = graphsFolder();
    symlinkSync('salt.json', path.join(dataDir, 'inside.json'));
    symlinkSync(graphFile, path.join(dataDir, 'outside.json'));
    mkdirSync(path.join(dataDir, 'folder.json'));
    const server = await started({ dataDir });
    expect((await ask(server, 'data/inside.json')).status).toBe(200);
    await expectRefusal(await ask(server, 'data/outside.json'), 404, 'ERR_NOT_FOUND');
    await expectRefusal(await ask(server, 'data/folder.json'), 404, 'ERR_NOT_FOUND');
  });
});

describe('the list of graphs', () => {
  const entriesOf = async (dataDir: string) => {
    const response = await ask(await started({ dataDir }), 'data/graph-metadata.json');
    expect(response.status).toBe(200);
    const { graphs } = await bodyOf(response);
    return graphs as { slug: string; prompt: string }[];
  };

  test('names files that no list names, by their file names', async () => {
    const [entry, ...others] = await entriesOf(graphsFolder());
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ slug: 'salt', scan: 'tiny/llama-plt-relu-skip', schema_version: 1 });
  });

  test('keeps the order and entries of graph-metadata.json, without missing files', async () => {
    const dataDir = graphsFolder();
    for (const slug of ['a', 'b', 'c']) cpSync(graphFile, path.join(dataDir, `${slug}.json`));
    const graphs = [{ slug: 'b', prompt: 'mine' }, { slug: 'gone' }, { slug: '../x' }, null, { slug: 'a' }];
    writeFileSync(path.join(dataDir, 'graph-metadata.json'), JSON.stringify({ graphs }));
    const entries = await entriesOf(dataDir);
    expect(entries.map(({ slug }) => slug)).toEqual(['b', 'a', 'c', 'salt']);
    expect(entries[0]?.prompt).toBe('mine');
  });

  test.each(['{', '[]', '{"graphs": 3}', 'null', ''])('is made from the files when it is damaged: %j', async (text) => {
    const dataDir = graphsFolder();
    writeFileSync(path.join(dataDir, 'graph-metadata.json'), text);
    writeFileSync(path.join(dataDir, 'broken.json'), graphText.slice(0, 5000));
    writeFileSync(path.join(dataDir, 'other.json'), '{"nodes": 1}');
    writeFileSync(path.join(dataDir, 'bytes.json'), Buffer.from([0xff, 0xfe, 0]));
    expect((await entriesOf(dataDir)).map(({ slug }) => slug)).toEqual(['salt']);
  });

  test('is empty for an empty folder, and sees a file that comes later', async () => {
    const dataDir = temporaryFolder();
    const server = await started({ dataDir });
    const list = async () => (await bodyOf(await ask(server, 'data/graph-metadata.json'))).graphs.length;
    expect(await list()).toBe(0);
    cpSync(graphFile, path.join(dataDir, 'new.json'));
    expect(await list()).toBe(1);
  });
});

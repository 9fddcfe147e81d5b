import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { temporaryFolder } from '../../support/temporary-folder';
import { ask, bodyOf, expectRefusal, started } from './support/server';

const feature = (index: number) => ({
  index,
  examples_quantiles: [{ quantile_name: 'Top', examples: [{ tokens: ['a', ' b'], tokens_acts_list: [0, 1.5] }] }],
});

/** Layer 5: two features, the second without examples. */
function packed(): { index: Buffer; layer: Buffer } {
  const data = deflateSync(JSON.stringify(feature(0)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  const layer = Buffer.concat([length, data]);
  const offsets = [0, layer.length, layer.length];
  return { index: gzipSync(JSON.stringify({ 5: { filename: 'layer_5.bin', offsets } })), layer };
}

function packedFolder(folder = temporaryFolder()): string {
  const { index, layer } = packed();
  writeFileSync(path.join(folder, 'index.json.gz'), index);
  writeFileSync(path.join(folder, 'layer_5.bin'), layer);
  return folder;
}

/** 22: layer 5 and feature 1 paired. */
function fileOf(folder: string, index: number): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, '22.json'), JSON.stringify(feature(index)));
  return folder;
}

test('without a folder, nothing is said to be known', async () => {
  const server = await started();
  await expectRefusal(await ask(server, 'api/features/5/0'), 404, 'ERR_NO_FEATURES');
  await expectRefusal(await ask(server, 'features/layer_5.bin'), 404, 'ERR_NO_FEATURES');
});

test('features of the bundled transcoders come with the package', async () => {
  const server = await started();
  for (const scan of ['demo', 'demo-cross-layer']) {
    const answer = await bodyOf(await ask(server, `api/features/0/3?scan=${scan}`));
    expect(answer).toMatchObject({ index: 3, top_logits: expect.any(Array) });
  }
  await expectRefusal(await ask(server, 'api/features/9/3?scan=demo'), 404, 'ERR_NO_FEATURE');
});

describe('packed features', () => {
  test('are answered one by one', async () => {
    const server = await started({ featuresDir: packedFolder() });
    expect((await bodyOf(await ask(server, 'api/status'))).features).toBe(true);
    const response = await ask(server, 'api/features/5/0');
    expect(await bodyOf(response)).toEqual(feature(0));
    const known = { headers: { 'if-none-match': response.headers.get('etag') as string } };
    expect((await ask(server, 'api/features/5/0', known)).status).toBe(304);
    for (const name of ['5/1', '5/2', '4/0']) {
      await expectRefusal(await ask(server, `api/features/${name}`), 404, 'ERR_NO_FEATURE');
    }
    for (const name of ['5/x', '-1/0', '5/1234567890', '5/0/1']) {
      await expectRefusal(await ask(server, `api/features/${name}`), 404, 'ERR_NOT_FOUND');
    }
  });

  test('are found in a folder of transcoders, whose other files are not served', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'features'));
    packedFolder(path.join(folder, 'features'));
    writeFileSync(path.join(folder, 'config.yaml'), 'a: 1');
    const server = await started({ featuresDir: folder });
    expect((await ask(server, 'api/features/5/0')).status).toBe(200);
    await expectRefusal(await ask(server, 'features/config.yaml'), 404, 'ERR_NO_FEATURE');
  });

  test('are served as files, too, in ranges', async () => {
    const server = await started({ featuresDir: packedFolder() });
    const { index, layer } = packed();
    const whole = await ask(server, 'features/index.json.gz');
    expect(whole.headers.get('content-type')).toBe('application/gzip');
    expect(whole.headers.get('content-encoding')).toBeNull();
    expect(Buffer.from(await whole.arrayBuffer()).equals(index)).toBe(true);
    const part = await ask(server, 'features/layer_5.bin', { headers: { range: 'bytes=0-3' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(layer.subarray(0, 4))).toBe(true);
    const known = { headers: { 'if-none-match': part.headers.get('etag') as string } };
    expect((await ask(server, 'features/layer_5.bin', known)).status).toBe(304);
    const head = await ask(server, 'features/layer_5.bin', { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(layer.length));
    await expectRefusal(await ask(server, 'features/none.bin'), 404, 'ERR_NO_FEATURE');
  });

  test('a broken index is said so before anything is served', async () => {
    const folder = packedFolder();
    writeFileSync(path.join(folder, 'index.json.gz'), 'x');
    await expect(started({ featuresDir: folder })).rejects.toMatchObject({ code: 'ERR_FILE_FORMAT' });
  });
});

describe('a file for each feature', () => {
  test('is found by layer and feature, first in the folder of the scan', async () => {
    const folder = fileOf(temporaryFolder(), 1);
    fileOf(path.join(folder, 'org', 'set@v1'), 2);
    const server = await started({ featuresDir: folder });
    const indexOf = async (query: string) => (await bodyOf(await ask(server, `api/features/5/1${query}`))).index;
    expect(await indexOf('')).toBe(1);
    expect(await indexOf('?scan=org%2Fset%40v1')).toBe(2);
    expect(await indexOf('?scan=.%2Forg%2Fset%40v1')).toBe(2);
    expect(await indexOf('?scan=..%2F..')).toBe(1);
    await expectRefusal(await ask(server, 'api/features/5/2'), 404, 'ERR_NO_FEATURE');
    expect((await bodyOf(await ask(server, 'features/org/set%40v1/22.json'))).index).toBe(2);
  });

  test.each(['{', '{"index": 1}'])('that is no feature is said so: %s', async (text) => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, '22.json'), text);
    const server = await started({ featuresDir: folder });
    await expectRefusal(await ask(server, 'api/features/5/1'), 422, 'ERR_FILE_FORMAT');
  });
});

describe('features of the hub', () => {
  const asked: string[] = [];
  let hub: Server;
  let address: string;

  /** The large file lies elsewhere on the hub, as on the real one. */
  beforeAll(async () => {
    const { index, layer } = packed();
    hub = createServer(({ url = '', headers }, response) => {
      asked.push(url);
      if (url === '/org/set/resolve/v1/sub/features/index.json.gz') return response.end(index);
      if (url === '/org/set/resolve/v1/sub/features/layer_5.bin') {
        return response.writeHead(302, { location: '/elsewhere?signature=1' }).end();
      }
      if (url === '/elsewhere?signature=1') {
        const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
        return response.writeHead(206).end(layer.subarray(Number(start), Number(end) + 1));
      }
      if (url.startsWith('/org/astray/')) return response.writeHead(302, { location: 'http://192.0.2.1/x' }).end();
      if (url.startsWith('/org/large/')) return response.end(Buffer.alloc(65 * 2 ** 20));
      if (url.startsWith('/org/broken/')) return response.writeHead(500).end();
      return response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    hub.close();
    hub.closeAllConnections();
  });
  beforeEach(() => asked.splice(0));

  const of = (scan: string, place = '5/0') => `api/features/${place}?scan=${encodeURIComponent(scan)}`;

  test('are fetched only when asked for', async () => {
    await expectRefusal(await ask(await started(), of('org/set//sub@v1')), 404, 'ERR_NO_FEATURES');
    expect(asked).toEqual([]);
  });

  test('are fetched in the place of the page, the index once', async () => {
    const server = await started({ hubFeatures: `${address}/` });
    for (let round = 0; round < 2; round++) {
      expect(await bodyOf(await ask(server, of('org/set//sub@v1')))).toEqual(feature(0));
    }
    await expectRefusal(await ask(server, of('org/set//sub@v1', '5/1')), 404, 'ERR_NO_FEATURE');
    expect(asked.filter((url) => url.endsWith('index.json.gz'))).toHaveLength(1);
  });

  test('come after those that are here', async () => {
    const server = await started({ hubFeatures: address, featuresDir: packedFolder() });
    expect((await ask(server, of('org/set//sub@v1'))).status).toBe(200);
    expect(asked).toEqual([]);
  });

  test.each([
    ['org/none', 404, 'ERR_NO_FEATURES'],
    ['org/broken', 502, 'ERR_UPSTREAM'],
    ['org/astray', 502, 'ERR_UPSTREAM'],
    ['org/large', 502, 'ERR_UPSTREAM'],
    ['../../x', 404, 'ERR_NO_FEATURE'],
    ['org/set//../..', 404, 'ERR_NO_FEATURE'],
    ['/home/me/transcoders', 404, 'ERR_NO_FEATURE'],
    ['', 404, 'ERR_NO_FEATURE'],
  ])('%j: %s %s', async (scan, status, code) => {
    await expectRefusal(await ask(await started({ hubFeatures: address }), of(scan)), status, code);
    expect(asked.every((url) => url.startsWith('/org/') && !url.includes('..'))).toBe(true);
  });

  test('a hub that does not respond is reported', async () => {
    const server = await started({ hubFeatures: 'http://127.0.0.1:9' });
    await expectRefusal(await ask(server, of('org/set')), 502, 'ERR_UPSTREAM');
  });
});

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Transcoders } from '../../../lib/transcoder';
import { expectRejection } from '../../support/expect-rejection';
import { transcoderDir } from '../../support/fixtures';
import { useFakeHub } from './support/hub';

const current = useFakeHub();
const load = async (reference = 'org/set', token?: string) => {
  const loaded = await Transcoders.load(reference, token === undefined ? {} : { token });
  await loaded.dispose();
};

beforeEach(() => {
  current.hub.addFolder('org/set', transcoderDir('llama-plt-relu-skip'));
});

function repository() {
  const found = current.hub.repositories.get('org/set');
  if (!found) throw new Error('no org/set');
  return found;
}

test('gated: without a token, without access, with it', async () => {
  repository().gatedFor = 'hf_right';
  await expectRejection(load(), 'ERR_HUB_ACCESS', /org\/set is gated\. Accept .*settings\/tokens and set HF_TOKEN/);
  await expectRejection(load('org/set', 'hf_wrong'), 'ERR_HUB_ACCESS', /this token does not have access yet/);
  expect(current.hub.takeRequests().filter(({ server }) => server === 'cdn')).toEqual([]);
  await load('org/set', 'hf_right');
});

test('the token comes from HF_TOKEN or the file, and no other origin sees it', async () => {
  repository().gatedFor = 'hf_right';
  writeFileSync(path.join(current.home, 'token'), ' hf_right\n');
  await load();
  const requests = current.hub.takeRequests();
  for (const { server, authorization } of requests) {
    expect(authorization).toBe(server === 'hub' ? 'Bearer hf_right' : undefined);
  }
  expect(requests.some(({ server }) => server === 'cdn')).toBe(true);
  process.env.HF_TOKEN = 'hf_wrong';
  process.env.HF_HUB_CACHE = path.join(current.home, 'elsewhere');
  await expectRejection(load(), 'ERR_HUB_ACCESS', /does not have access yet/);
});

test('not found: repository, revision, folder, file, weights', async () => {
  repository().privateFor = 'hf_mine';
  await expectRejection(load(), 'ERR_HUB_NOT_FOUND', /repository org\/set does not exist.*or it is private.*HF_TOKEN/);
  repository().privateFor = undefined as never;
  await expectRejection(load('org/none'), 'ERR_HUB_NOT_FOUND', /repository org\/none does not exist/);
  await expectRejection(load('org/set@v9'), 'ERR_HUB_NOT_FOUND', /no such revision.*v9/);
  await expectRejection(load('org/set/sub'), 'ERR_HUB_NOT_FOUND', /no sub\/config\.yaml/);
  current.hub.add('org/empty', { 'config.yaml': repository().files.get('config.yaml') ?? '' });
  await expectRejection(load('org/empty'), 'ERR_HUB_NOT_FOUND', /no weights: expected layer_0/);
});

test('429 and 503 are waited out as Retry-After says, and told when they stay', async () => {
  const statuses = [429, 503];
  current.hub.interceptions.push((_, response) => {
    const status = statuses.shift();
    if (status) response.writeHead(status, { 'retry-after': '0' }).end();
    return status !== undefined;
  });
  await load();
  current.hub.interceptions.push(({ url }, response) => {
    if (url.startsWith('/api')) response.writeHead(429, { 'retry-after': '0' }).end();
    return url.startsWith('/api');
  });
  current.hub.takeRequests();
  await expectRejection(load('org/set@main'), 'ERR_HUB', /too many requests.*HF_TOKEN/);
  expect(current.hub.takeRequests()).toHaveLength(5);
});

test('a hub that asks for an hour is not waited for', async () => {
  current.hub.interceptions.push((_, response) => {
    response.writeHead(503, { 'retry-after': '3600' }).end();
    return true;
  });
  await expectRejection(load(), 'ERR_HUB', /keeps failing \(HTTP 503\)/);
  expect(current.hub.takeRequests()).toHaveLength(1);
});

test('a hub that cannot be reached is reported', async () => {
  process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
  await expectRejection(load(), 'ERR_HUB', /cannot be reached.*HF_HUB_OFFLINE=1/);
});

test('malformed references', async () => {
  await expectRejection(
    load('nonsense'),
    'ERR_INVALID_ARGUMENT',
    /transcoders must be an existing folder, .*org\/repo.*"nonsense"/,
  );
});

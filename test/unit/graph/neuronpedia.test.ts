import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, type GraphFileOptions, writeGraphFiles } from '../../../lib';
import { neuronpediaNames } from '../../../lib/graph-file/neuronpedia';
import { expectRejection } from '../../support/expect-rejection';
import { graphProblems, uploadProblems } from '../../support/neuronpedia-rules';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyData } from './support/tiny';

jest.mock('../../../lib/engine/jobs', () => require('./support/engine'));

async function written(scan: string | readonly string[], options: Partial<GraphFileOptions> = {}) {
  const directory = temporaryFolder();
  const graph = new Graph(tinyData({ scan }));
  const { graphFile, bytes } = await writeGraphFiles(graph, { slug: 'one', directory, ...options });
  expect(bytes).toBe(statSync(graphFile).size);
  return JSON.parse(readFileSync(join(directory, 'one.json'), 'utf8'));
}

test('a file for Neuronpedia has its names, and keeps ours', async () => {
  const before = Date.now();
  const file = await written('mntss/clt-gemma-2-2b-2.5M@abc', { neuronpedia: true });
  expect(uploadProblems(file)).toEqual([]);
  expect(file.metadata).toMatchObject({
    scan: 'gemma-2-2b',
    feature_details: { neuronpedia_source_set: 'clt-hp' },
    info: {
      transcoder_set: 'mntss/clt-gemma-2-2b-2.5M@abc',
      neuronpedia_source_set: 'clt-hp',
      source_urls: ['https://huggingface.co/mntss/clt-gemma-2-2b-2.5M'],
    },
  });
  expect(file.metadata.info.create_time_ms).toBeGreaterThanOrEqual(before);
});

test('names for Neuronpedia and information about the graph are written', async () => {
  const info = {
    description: 'a\nb',
    creatorName: 'me',
    creatorUrl: 'https://me.example',
    sourceUrls: [],
    createTime: 7,
  };
  const file = await written(['a/b', 'c/d//e@f'], { neuronpedia: { modelId: 'my-model' }, info });
  expect(uploadProblems(file)).toEqual([]);
  expect(file.metadata.scan).toBe('my-model');
  expect(file.metadata.feature_details).toBeUndefined();
  expect(file.metadata.info).toMatchObject({
    description: 'a\nb',
    creator_name: 'me',
    creator_url: 'https://me.example',
    source_urls: [],
    create_time_ms: 7,
  });
});

test('other graph files pass its schema, too, and name repositories', async () => {
  const file = await written(['a/b', 'c/d//e@f', 'a/b//x', '/home/me/set']);
  expect(graphProblems(file)).toEqual([]);
  expect(file.metadata.info.source_urls).toEqual(['https://huggingface.co/a/b', 'https://huggingface.co/c/d']);
  expect(file.metadata.info.create_time_ms).toBeUndefined();
});

test('the rules find what breaks them', () => {
  expect(graphProblems({ metadata: { slug: 1 }, qParams: {}, nodes: [{}] })).toHaveLength(12);
});

test.each([
  ['demo', true],
  ['/home/me/set', true],
  [['a/b'], true],
  ['a/b', ''],
  ['a/b', 'm/s/t'],
  ['a/b', 'm/'],
  ['a/b', 'm o/s'],
  ['a/b', { modelId: '' }],
] as const)('refuses names of %j given as %j', async (scan, given) => {
  await expectRejection((async () => neuronpediaNames(scan, given))(), 'ERR_INVALID_ARGUMENT', /neuronpedia\.org/);
});

test.each([
  [{ description: 7 }, /info\.description/],
  [{ creator: 'me' }, /creatorName/],
  [{ sourceUrls: 'x' }, /sourceUrls/],
  [{ createTime: -1 }, /createTime/],
] as const)('refuses info %j', async (info, message) => {
  await expectRejection(written('a/b', { info: info as GraphFileOptions['info'] }), 'ERR_INVALID_ARGUMENT', message);
});

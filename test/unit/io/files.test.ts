import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Graph, readLabels } from '../../../lib';
import { PackedFeatures } from '../../../lib/harvest';
import {
  makeFolder,
  readJsonFile,
  readJsonObject,
  readTextFile,
  withFileLock,
  writeFileAtomically,
} from '../../../lib/io/files';
import { Tokenizer } from '../../../lib/model/tokenizer';
import { planTranscoders } from '../../../lib/transcoder/formats';
import { expectRejection } from '../../support/expect-rejection';
import { temporaryFolder } from '../../support/temporary-folder';
import { tinyData } from '../graph/support/tiny';

// Field faults, section 6, L1: Node's own error, of no type, for a NUL in a path.
describe('a path with a NUL character', () => {
  const bad = path.join(temporaryFolder(), 'a\0b.pt');

  test.each<[string, () => Promise<unknown>]>([
    ['Graph.load', () => Graph.load(bad)],
    ['Graph.save', () => new Graph(tinyData()).save(bad)],
    ['Graph.save as safetensors', () => new Graph(tinyData()).save(`${bad}.safetensors`)],
    ['readLabels', () => readLabels(bad)],
    ['PackedFeatures.open', () => PackedFeatures.open(bad)],
    ['writeFileAtomically', () => writeFileAtomically(bad, '')],
    ['readTextFile', () => readTextFile(bad)],
    ['withFileLock', () => withFileLock(bad, async () => undefined)],
    ['Tokenizer.load', () => Tokenizer.load(bad)],
  ])('%s', async (_, work) => {
    await expectRejection(work(), 'ERR_INVALID_ARGUMENT', /NUL character; found ".*a\\u0000b/);
  });

  test('is refused by makeFolder', async () => {
    await expectRejection(makeFolder(bad), 'ERR_FILE_WRITE', /cannot be created/);
  });

  test('an entry of transcoders', async () => {
    const folder = temporaryFolder();
    const hooks = 'feature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out\n';
    for (const name of ['a\\0b.npz', 'a\\0b.safetensors']) {
      writeFileSync(path.join(folder, 'config.yaml'), `model_kind: transcoder_set\n${hooks}transcoders: ["${name}"]\n`);
      await expectRejection(planTranscoders(folder), 'ERR_INVALID_ARGUMENT', /NUL character/);
    }
  });
});

describe('writeFileAtomically', () => {
  test('writes text, bytes and what a function writes, and leaves nothing else', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'a.txt');
    await writeFileAtomically(file, 'text');
    expect(readFileSync(file, 'utf8')).toBe('text');
    await writeFileAtomically(file, Uint8Array.of(104, 105));
    expect(readFileSync(file, 'utf8')).toBe('hi');
    await writeFileAtomically(file, async (handle) => {
      await handle.write('one ');
      await handle.write('two');
    });
    expect(readFileSync(file, 'utf8')).toBe('one two');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  test('keeps the old file when the writer fails, and passes its error on', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'a.txt');
    writeFileSync(file, 'old');
    const failing = writeFileAtomically(file, async (handle) => {
      await handle.write('new');
      throw new RangeError('half way');
    });
    await expect(failing).rejects.toThrow('half way');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  test('says why it cannot write', async () => {
    const folder = temporaryFolder();
    const lost = path.join(folder, 'nowhere', 'a.txt');
    await expectRejection(writeFileAtomically(lost, ''), 'ERR_FILE_WRITE', /nowhere does not exist/);
    mkdirSync(path.join(folder, 'taken'));
    await expectRejection(writeFileAtomically(path.join(folder, 'taken'), ''), 'ERR_FILE_WRITE', /taken/);
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});

describe('makeFolder', () => {
  test('creates missing folders, also when called many times at once', async () => {
    const deep = path.join(temporaryFolder(), 'a', 'b', 'c');
    await Promise.all(Array.from({ length: 5 }, () => makeFolder(deep)));
    expect(existsSync(deep)).toBe(true);
  });

  test('refuses where a file is in the way', async () => {
    const file = path.join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expectRejection(makeFolder(path.join(file, 'a')), 'ERR_FILE_WRITE', /file/);
    await expectRejection(makeFolder(file), 'ERR_FILE_WRITE', /file/);
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;
  onLinux('ends where no folder can be made', async () => {
    await expectRejection(makeFolder('/proc/circuit-tracer/a/b'), 'ERR_FILE_WRITE', /\/proc/);
  });
});

describe('reading text and JSON', () => {
  const written = (content: string | Uint8Array) => {
    const file = path.join(temporaryFolder(), 'a.json');
    writeFileSync(file, content);
    return file;
  };

  test('returns text and JSON values', async () => {
    expect(await readTextFile(written('\u00e9'))).toBe('\u00e9');
    expect(await readJsonFile(written('[1]'))).toEqual([1]);
    expect(await readJsonObject(written('{"a": null}'))).toEqual({ a: null });
  });

  test('rejects missing, long and invalid files', async () => {
    const folder = temporaryFolder();
    await expectRejection(readTextFile(path.join(folder, 'none')), 'ERR_FILE_NOT_FOUND', /none/);
    await expectRejection(readTextFile(folder), 'ERR_FILE_READ', /expected a file/);
    await expectRejection(readTextFile(written('long'), 3), 'ERR_FILE_FORMAT', /at most 3 bytes.*found 4/);
    await expectRejection(readTextFile(written(Uint8Array.of(0xc3, 0x28))), 'ERR_FILE_FORMAT', /UTF-8/);
    await expectRejection(readJsonFile(written('')), 'ERR_FILE_FORMAT', /an empty file/);
    await expectRejection(readJsonFile(written('{')), 'ERR_FILE_FORMAT', /expected JSON/);
    await expectRejection(readJsonObject(written('[]')), 'ERR_FILE_FORMAT', /expected a JSON object/);
  });
});

describe('withFileLock', () => {
  test('lets one task in at a time, for a file that need not exist', async () => {
    const file = path.join(temporaryFolder(), 'list.json');
    let inside = 0;
    let most = 0;
    const task = async () => {
      most = Math.max(most, ++inside);
      await delay(20);
      inside--;
    };
    await Promise.all([1, 2, 3, 4].map(() => withFileLock(file, task)));
    expect(most).toBe(1);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  test('is given back when the task fails, and gives up waiting in time', async () => {
    const file = path.join(temporaryFolder(), 'list.json');
    const fail = withFileLock(file, () => Promise.reject(new RangeError('no')));
    await expect(fail).rejects.toThrow('no');
    await withFileLock(file, async () => {
      await expectRejection(
        withFileLock(file, async () => undefined, 100),
        'ERR_FILE_WRITE',
        /another process holds the lock/,
      );
    });
  });

  test('names a folder that is missing', async () => {
    const file = path.join(temporaryFolder(), 'nowhere', 'list.json');
    await expectRejection(
      withFileLock(file, async () => undefined),
      'ERR_FILE_WRITE',
      /nowhere does not exist/,
    );
  });
});

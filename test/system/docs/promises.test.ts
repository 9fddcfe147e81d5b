import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageVersion, setLogger } from '../../../lib';
import { attributeOptions, resolveAttributeOptions } from '../../../lib/attribution/options';
import { makeProgram } from '../../../lib/cli/main';
import { loadOptions, resolveLoadOptions } from '../../../lib/engine/load-options';
import { generateOptions, resolveGenerateOptions } from '../../../lib/intervention/options';
import { log } from '../../../lib/log';
import { memoryOf } from '../../../lib/memory/estimate';
import { cliScript, runNode } from '../../support/child';
import { docPages } from '../../support/doc-pages';
import { modelDir, transcoderDir } from '../../support/fixtures';
import { temporaryFolder } from '../../support/temporary-folder';

// What README and docs/ say of the API and the command line, held to what the code says.

const root = path.join(__dirname, '..', '..', '..');
const read = (page: string) => readFileSync(path.join(root, page), 'utf8');

/** GitHub's anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

const rootPages = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

test.each([...docPages(), ...rootPages])('links of %s lead somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  const broken = links.filter(([, file = '', anchor]) => {
    const target = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(root, target))) return true;
    if (anchor === undefined || !target.endsWith('.md')) return false;
    const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
    return !headings.includes(anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

const cli = read('docs/guide/cli.md');
const sections = new Map(cli.split(/^## /m).map((text) => [text.split('\n')[0] ?? '', text]));
/** `attribute` explains what all commands share; these have the options of others besides, and say so. */
const shared = sections.get('attribute') ?? '';
const others: Readonly<Record<string, string>> = { attribute: 'start-server', generate: 'intervene' };
const commands = makeProgram().commands.filter(({ commands: more }) => more.length === 0);

test.each(commands.map((command) => [command.name(), command] as const))(
  'docs/guide/cli.md names every flag of %s',
  (name, command) => {
    const text = `${sections.get(name)}${shared}${sections.get(others[name] ?? '')}`;
    const missing = command.options.filter(({ long }) => long && !text.includes(`\`${long}`) && long !== '--verbose');
    expect(missing.map(({ long }) => long)).toEqual([]);
  },
);

/** Flags and defaults of the rows of a section's table, where both are lists of one length. */
function documentedDefaults(section: string): [string, string][] {
  const rows = [...section.matchAll(/^\| (`-[^|]*) \| ([^|]*) \|/gm)];
  return rows.flatMap(([, flags = '', defaults = '']) => {
    const names = [...flags.matchAll(/`(--[\w-]+)/g)].map(([, name = '']) => name);
    const values = defaults.split(',').map((value) => value.trim());
    return names.length === values.length ? names.map((name, i): [string, string] => [name, values[i] as string]) : [];
  });
}

test.each(commands.map((command) => [command.name(), command] as const))(
  'defaults of %s are those of docs/guide/cli.md',
  (name, command) => {
    for (const [flag, value] of documentedDefaults(sections.get(name) ?? '')) {
      if (!/^\d+(?:\.\d+)?$/.test(value)) continue;
      expect([flag, command.options.find(({ long }) => long === flag)?.defaultValue]).toEqual([flag, Number(value)]);
    }
  },
);

test('the numbers in brackets after options of the library are their defaults', () => {
  const [, text = ''] = /^`attribute` takes (.*?)\n\n/ms.exec(read('docs/guide/api.md')) ?? [];
  const documented = [...text.matchAll(/`(\w+)` \(([\d.]+)/g)].map(([, name, number]) => [name, Number(number)]);
  expect(documented.length).toBeGreaterThan(3);
  for (const [name, number] of documented)
    expect([name, attributeOptions[name as 'batchSize'].default]).toEqual([name, number]);
  const [, loading = ''] = /Options: (.*?)\n`InMemoryModel\.fromConfig/s.exec(read('docs/guide/api.md')) ?? [];
  const names = [...loading.matchAll(/`(\w+)`(?: \((`?)(\w+)\2\))?/g)].filter(([, name]) => name !== 'eos');
  expect(names.map(([, name]) => name).sort()).toEqual(Object.keys(loadOptions).sort());
  const standard = resolveLoadOptions() as unknown as Record<string, unknown>;
  for (const [, name = '', , given] of names) if (given) expect([name, String(standard[name])]).toEqual([name, given]);
  const estimated = memoryOf({});
  expect([estimated.dtype, estimated.device]).toEqual(['float32', 'cpu']);
});

test('the options that docs/guide/interventions.md lists are taken, with the defaults it says', () => {
  const text = read('docs/guide/interventions.md');
  const listed = [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(
    ([, names = '']) => names.match(/\w+/g) ?? [],
  );
  expect(listed).toEqual(expect.arrayContaining(['freezeAttention', 'constrainedLayers', 'rawLogits', 'exactTokens']));
  const spec = { nLayers: 2, dVocab: 9 } as never;
  // A wrong value of an option that is known is another error than an unknown name.
  for (const name of listed.filter((option) => option !== 'hookNames')) {
    expect(() => resolveGenerateOptions({ [name]: 'no' } as never, spec, undefined)).toThrow(
      new RegExp(`^${name} must`),
    );
  }
  expect(() => resolveGenerateOptions({ nope: 1 } as never, spec, undefined)).toThrow(/has no 'nope'/);
  const { native, maxNewTokens, kvCache, sampling, rawLogits } = resolveGenerateOptions({}, spec, undefined);
  expect(native).toMatchObject({
    freezeAttention: true,
    constrainedLayers: [],
    activations: 'activations',
    sparse: false,
  });
  expect({ maxNewTokens, kvCache, rawLogits }).toEqual({ maxNewTokens: 10, kvCache: true, rawLogits: false });
  expect(sampling).toMatchObject({ temperature: 0, seed: 0, topP: 1 });
  expect(text).toMatch(
    new RegExp(`\`maxNewTokens\` \\(${generateOptions.maxNewTokens.default}\\), \`temperature\` \\(0`),
  );
  expect(() => resolveAttributeOptions({ maxNlogits: 1 } as never)).toThrow(/Did you mean 'maxNLogits'/);
});

test('the library logs nothing until setLogger', () => {
  const writes = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockReturnValue(true));
  log().error('to nobody');
  for (const write of writes) {
    expect(write).not.toHaveBeenCalled();
    write.mockRestore();
  }
  const logger = { warn: jest.fn() };
  setLogger(logger as never);
  log().warn('to somebody');
  expect(logger.warn).toHaveBeenCalledWith('to somebody');
});

test('info needs no LibTorch, and --version none either', async () => {
  const env = { LIBTORCH: '/nonexistent', XDG_CACHE_HOME: temporaryFolder(), PATH: '/nonexistent' };
  const info = await runNode(cliScript, ['info', modelDir('gemma2'), transcoderDir('gemma2-clt-relu')], { env });
  expect(info).toMatchObject({ code: 0, stdout: expect.stringMatching(/They match\.\n$/) });
  expect(await runNode(cliScript, ['--version'], { env })).toMatchObject({ code: 0, stdout: `${packageVersion}\n` });
});

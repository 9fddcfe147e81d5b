import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageVersion, setLogger } from '../../../lib';
import { resolveAttributeOptions } from '../../../lib/attribution/options';
import { makeProgram } from '../../../lib/cli/main';
import { resolveLoadOptions } from '../../../lib/engine/load-options';
import { resolveGenerateOptions } from '../../../lib/intervention/options';
import { log } from '../../../lib/log';
import { memoryOf } from '../../../lib/memory/estimate';
import packageJson from '../../../package.json';
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

test('docs/guide/cli.md has a section for each command', () => {
  const names = makeProgram().commands.map((command) => command.name());
  expect(names.filter((name) => !sections.has(name))).toEqual([]);
});

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

/** Names and defaults of the rows of a generated table of docs/guide/api.md. */
function documentedOptions(operation: string): [string, string][] {
  const [, table = ''] = read('docs/guide/api.md').split(`<!-- options: ${operation} -->`);
  const rows = (table.split('<!-- end -->')[0] ?? '').matchAll(/^\| `(\w+)` \| (.*?) \|/gm);
  return [...rows].map(([, name = '', value = '']) => [name, value.replaceAll('`', '')]);
}

/** What a call takes when nothing is given. Options that the tables describe in words are left out. */
const taken: Readonly<Record<string, object>> = {
  load: resolveLoadOptions(),
  attribute: resolveAttributeOptions(),
};

test.each(Object.keys(taken))('the defaults of %s in docs/guide/api.md are those that a call takes', (operation) => {
  const documented = documentedOptions(operation).filter(([, value]) => /^(?:[\d.]+|[a-z]+\d*)$/.test(value));
  expect(documented.length).toBeGreaterThan(3);
  const given = taken[operation] as Readonly<Record<string, unknown>>;
  for (const [name, value] of documented) if (name in given) expect([name, String(given[name])]).toEqual([name, value]);
});

test('the options of interventions and generation in docs/guide/api.md are taken, with the defaults it says', () => {
  const spec = { nLayers: 2, dVocab: 9 } as never;
  const listed = new Map(documentedOptions('generate'));
  expect([...listed.keys()]).toEqual(
    expect.arrayContaining(['freezeAttention', 'constrainedLayers', 'rawLogits', 'exactTokens', 'maxNewTokens']),
  );
  // A wrong value of an option that is known is another error than an unknown name.
  for (const name of [...listed.keys()].filter((option) => option !== 'interventions')) {
    expect(() => resolveGenerateOptions({ [name]: 'no' } as never, spec, undefined)).toThrow(
      new RegExp(`^${name} must`),
    );
  }
  expect(() => resolveGenerateOptions({ nope: 1 } as never, spec, undefined)).toThrow(/has no 'nope'/);
  const { native, maxNewTokens, kvCache, sampling, rawLogits } = resolveGenerateOptions({}, spec, undefined);
  expect(native).toMatchObject({ constrainedLayers: [], activations: 'activations' });
  const values = { ...sampling, freezeAttention: native.freezeAttention, sparse: native.sparse };
  const defaults = Object.entries({ ...values, maxNewTokens, kvCache, rawLogits });
  for (const [name, value] of defaults)
    if (listed.has(name)) expect([name, String(value)]).toEqual([name, listed.get(name)]);
  expect(defaults.filter(([name]) => listed.has(name)).length).toBeGreaterThan(7);
  expect(() => resolveAttributeOptions({ maxNlogits: 1 } as never)).toThrow(/Did you mean 'maxNLogits'/);
});

test('an estimate counts as a load with the defaults does, and auto as the CPU', () => {
  const { dtype, device } = memoryOf({});
  expect([dtype, device]).toEqual(['float32', 'cpu']);
});

test('README.md and docs/guide/api.md list the subpaths of the package', () => {
  const subpaths = Object.keys(packageJson.exports).filter((name) => /^\.\/[\w-]+$/.test(name));
  expect(subpaths.length).toBeGreaterThan(3);
  const [, line = ''] = /^Subpaths: (.*)$/m.exec(read('README.md')) ?? [];
  expect((line.match(/[\w-]+/g) ?? []).map((name) => `./${name}`).sort()).toEqual([...subpaths].sort());
  const rows = [...read('docs/guide/api.md').matchAll(/^\| \[?`circuit-tracer\/([\w-]+)`/gm)];
  expect(rows.map(([, name]) => `./${name}`)).toEqual(subpaths);
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

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configFiles, inHome, pipSettings } from '../../../lib/libtorch/pip-config';
import { temporaryFolder } from '../../support/temporary-folder';

/** A user whose only settings are these files, by their path in the home folder. */
function user(files: Record<string, string>): Record<string, string> {
  const home = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), text);
  }
  return { HOME: home, XDG_CONFIG_DIRS: path.join(home, 'machine') };
}

const settings = (env: Record<string, string>) => pipSettings({ PIP_NO_INDEX: '0', ...env }, 'linux');

test('without settings the index is that of PyPI', () => {
  expect(pipSettings({ PIP_CONFIG_FILE: '/dev/null' }, 'linux')).toEqual({
    indexes: ['https://pypi.org/simple'],
    findLinks: [],
    trustedHosts: [],
  });
});

test('variables win over files, and those of the user over those of the machine', () => {
  const env = user({
    'machine/pip/pip.conf': '[global]\nindex-url = https://machine/simple\nproxy = http://machine:1\n',
    '.config/pip/pip.conf': '[global]\nindex-url = https://user/simple\nproxy = http://user:1\n',
  });
  expect(settings(env).indexes[0]).toBe('https://user/simple');
  expect(settings(env).proxy).toBe('http://user:1');
  expect(settings({ ...env, PIP_INDEX_URL: 'https://variable/simple' }).indexes[0]).toBe('https://variable/simple');
});

test('XDG_CONFIG_HOME, a virtual environment and PIP_CONFIG_FILE', () => {
  const env = user({
    'xdg/pip/pip.conf': '[global]\nindex-url = https://xdg/simple\n',
    'venv/pip.conf': '[global]\nindex-url = https://venv/simple\n',
    'own.conf': '[global]\nindex-url = https://own/simple\n',
  });
  const xdg = { ...env, XDG_CONFIG_HOME: path.join(env.HOME ?? '', 'xdg') };
  const venv = { ...xdg, VIRTUAL_ENV: path.join(env.HOME ?? '', 'venv') };
  const own = { ...venv, PIP_CONFIG_FILE: path.join(env.HOME ?? '', 'own.conf') };
  const first = [xdg, venv, own].map((each) => settings(each).indexes[0]);
  expect(first).toEqual(['https://xdg/simple', 'https://venv/simple', 'https://own/simple']);
});

test('sections, names, continued lines and comments as pip reads them', () => {
  const text = [
    '# comment',
    '[download]',
    'index-url: https://download/simple',
    '[install]',
    'index-url = https://install/simple',
    'no_index = false',
    '[global]',
    'index-url = https://global/simple',
    'EXTRA-index-url =',
    '    https://one/simple',
    '; comment',
    '    file:///two/simple  https://three/simple',
    'Find_Links = /wheels ~/more',
    'trusted-host = one two:8080',
    'cert = ~/ca.pem',
    'not an option',
    '',
  ].join('\n');
  const env = user({ '.config/pip/pip.conf': text });
  expect(settings(env)).toEqual({
    indexes: ['https://download/simple', 'https://one/simple', 'file:///two/simple', 'https://three/simple'],
    findLinks: ['/wheels', '~/more'],
    trustedHosts: ['one', 'two:8080'],
    cert: path.join(env.HOME ?? '', 'ca.pem'),
  });
  expect(inHome('~/more', env)).toBe(path.join(env.HOME ?? '', 'more'));
});

test('no-index leaves find-links alone', () => {
  const env = { PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: 'true', PIP_FIND_LINKS: '/wheels' };
  expect(pipSettings(env, 'linux')).toMatchObject({ indexes: [], findLinks: ['/wheels'] });
});

test('certificates of requests and curl count where pip has none of its own', () => {
  const env = { PIP_CONFIG_FILE: '/dev/null', REQUESTS_CA_BUNDLE: '/requests.pem' };
  expect(pipSettings(env).cert).toBe('/requests.pem');
  expect(pipSettings({ ...env, PIP_CERT: '/pip.pem' }).cert).toBe('/pip.pem');
});

test('the files of each platform', () => {
  const mac = configFiles({ HOME: '/Users/ann' }, 'darwin');
  expect(mac).toContain('/Library/Application Support/pip/pip.conf');
  expect(mac).toContain('/Users/ann/.config/pip/pip.conf');
  const windows = configFiles({ HOME: 'C:/ann', APPDATA: 'C:/ann/roaming', PROGRAMDATA: 'C:/all' }, 'win32');
  expect(windows).toEqual(
    ['C:/all/pip/pip.ini', 'C:/ann/pip/pip.ini', 'C:/ann/roaming/pip/pip.ini'].map(path.normalize),
  );
});

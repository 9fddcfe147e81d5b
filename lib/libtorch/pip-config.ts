import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { homeFolder } from '../home-folder';
import type { Environment } from './cache';

/** What pip's files and environment variables say about where packages come from. */
export interface PipSettings {
  /** Index addresses, that of `index-url` first. Empty with `no-index`. */
  readonly indexes: readonly string[];
  /** Folders, pages or wheels of `find-links`. */
  readonly findLinks: readonly string[];
  readonly trustedHosts: readonly string[];
  readonly cert?: string;
  readonly proxy?: string;
}

const defaultIndex = 'https://pypi.org/simple';

/** Later sections win over earlier ones, as in `pip download`. */
const sections = ['global', 'install', 'download'];

/**
 * Read pip's settings as pip does: the files of the machine, of the user and of the virtual environment, then that of
 * `PIP_CONFIG_FILE`, then variables such as `PIP_INDEX_URL`. A file that cannot be read is left out.
 */
export function pipSettings(env: Environment = process.env, platform = process.platform): PipSettings {
  const merged = new Map<string, string>();
  for (const file of configFiles(env, platform)) {
    for (const [key, value] of parseIni(readIfPresent(file))) merged.set(key, value);
  }
  const value = (name: string): string | undefined => {
    const inFiles = sections.map((section) => merged.get(`${section}.${name}`)).filter((found) => found !== undefined);
    return env[`PIP_${name.toUpperCase().replaceAll('-', '_')}`] || inFiles.at(-1) || undefined;
  };
  const list = (name: string): string[] => value(name)?.split(/\s+/).filter(Boolean) ?? [];
  const hasNoIndex = /^(1|y|yes|t|true|on)$/i.test(value('no-index') ?? '');
  const cert = value('cert') || env.REQUESTS_CA_BUNDLE || env.CURL_CA_BUNDLE || undefined;
  const proxy = value('proxy');
  return {
    indexes: hasNoIndex ? [] : [value('index-url') ?? defaultIndex, ...list('extra-index-url')],
    findLinks: list('find-links'),
    trustedHosts: list('trusted-host'),
    ...(cert && { cert: inHome(cert, env) }),
    ...(proxy && { proxy }),
  };
}

/** The files that pip reads, the weakest first. `PIP_CONFIG_FILE=/dev/null` (`nul`) leaves out all of them. */
export function configFiles(env: Environment, platform: NodeJS.Platform): string[] {
  const own = env.PIP_CONFIG_FILE;
  if (own === (platform === 'win32' ? 'nul' : '/dev/null')) return [];
  const name = platform === 'win32' ? 'pip.ini' : 'pip.conf';
  const files = machineFolders(env, platform).map((folder) => path.join(folder, name));
  if (platform !== 'win32') files.push('/etc/pip.conf');
  if (!own || !existsSync(own)) files.push(...userFolders(env, platform).map((folder) => path.join(folder, name)));
  if (env.VIRTUAL_ENV) files.push(path.join(env.VIRTUAL_ENV, name));
  if (own) files.push(own);
  return files;
}

function machineFolders(env: Environment, platform: NodeJS.Platform): string[] {
  if (platform === 'win32') return env.PROGRAMDATA ? [path.join(env.PROGRAMDATA, 'pip')] : [];
  if (platform === 'darwin') return ['/Library/Application Support/pip'];
  const folders = (env.XDG_CONFIG_DIRS || '/etc/xdg').split(':').filter(Boolean);
  return folders.reverse().map((folder) => path.join(folder, 'pip'));
}

function userFolders(env: Environment, platform: NodeJS.Platform): string[] {
  const home = env.HOME || homeFolder(env);
  if (platform === 'win32') {
    return [...(home ? [path.join(home, 'pip')] : []), ...(env.APPDATA ? [path.join(env.APPDATA, 'pip')] : [])];
  }
  const legacy = home ? [path.join(home, '.pip')] : [];
  const configuration = env.XDG_CONFIG_HOME || (home && path.join(home, '.config'));
  const modern = configuration ? [path.join(configuration, 'pip')] : [];
  const mac = home && path.join(home, 'Library', 'Application Support', 'pip');
  return platform === 'darwin' && mac && existsSync(mac) ? [...legacy, mac] : [...legacy, ...modern];
}

/** The options of an ini file as Python reads it, keyed `section.option`. An indented line continues the one before. */
function parseIni(text: string): Map<string, string> {
  const options = new Map<string, string>();
  let section = '';
  let last: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const heading = /^\[(.+)\]\s*$/.exec(line)?.[1];
    const option = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line);
    if (heading) {
      section = heading;
      last = undefined;
    } else if (/^\s/.test(line) && last) {
      options.set(last, `${options.get(last)}\n${line.trim()}`.trim());
    } else if (option?.[1]) {
      last = `${section}.${option[1].toLowerCase().replaceAll('_', '-').replace(/^--/, '')}`;
      options.set(last, (option[2] ?? '').trim());
    }
  }
  return options;
}

/** A path with its leading `~` replaced. */
export function inHome(file: string, env: Environment): string {
  return /^~(\/|$)/.test(file) ? path.join(env.HOME || homeFolder(env) || '~', file.slice(1)) : file;
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

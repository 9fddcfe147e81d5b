import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireHomeFolder } from '../home-folder';
import { absolutePath } from '../io/absolute-path';
import { boolean, text } from '../kinds';
import { defineOptions, type OptionsOf } from '../options';

export const hubOptions = defineOptions({
  /**
   * The folder of the cache that hub tools share. Default: `HF_HUB_CACHE`, otherwise `hub` in `HF_HOME`
   * (`~/.cache/huggingface`).
   */
  cacheDir: { kind: text },
  /** Use only the cache, without network requests. Default: `HF_HUB_OFFLINE`. */
  offline: { kind: boolean },
  /**
   * The access token for the hub. Default: `HF_TOKEN`, otherwise the file at `HF_TOKEN_PATH` or `token` in `HF_HOME`.
   */
  token: { kind: text },
});

/** Settings for the hub. The defaults come from the variables that Hugging Face's Python library reads. */
export interface HubOptions extends OptionsOf<typeof hubOptions> {}

export interface HubSettings {
  /** Without a trailing slash. */
  readonly endpoint: string;
  /**
   * An absolute path.
   *
   * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` when it is in the home folder and there is none.
   */
  readonly cacheDir: string;
  readonly offline: boolean;
  readonly token: string | undefined;
  /** How long a connection may be silent before it counts as broken, in milliseconds. */
  readonly silenceMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Resolve the options, with the environment for omitted ones. */
export async function hubSettings(options: HubOptions = {}, env: Environment = process.env): Promise<HubSettings> {
  return {
    endpoint: hubEndpoint(env),
    // A getter, because local files need neither a cache nor a home folder.
    get cacheDir() {
      return options.cacheDir === undefined ? cacheFolder(env) : absolutePath(options.cacheDir);
    },
    offline: options.offline ?? isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
    token: options.token ?? (await savedToken(env)),
    silenceMs: silence(env),
  };
}

/** `HF_HUB_DOWNLOAD_TIMEOUT` in seconds, 30 by default. */
function silence(env: Environment): number {
  const seconds = Number(env.HF_HUB_DOWNLOAD_TIMEOUT || 30);
  return 1000 * (seconds > 0 && seconds <= 86_400 ? seconds : 30);
}

/** `HF_ENDPOINT`, without a trailing slash. */
export function hubEndpoint(env: Environment = process.env): string {
  return (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
}

function hubHome(env: Environment): string {
  if (env.HF_HOME) return expandHome(env.HF_HOME);
  const caches = env.XDG_CACHE_HOME || join(requireHomeFolder('The cache of the hub', 'HF_HOME', env), '.cache');
  return expandHome(join(caches, 'huggingface'));
}

function cacheFolder(env: Environment): string {
  return expandHome(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(hubHome(env), 'hub'));
}

async function savedToken(env: Environment): Promise<string | undefined> {
  const given = (env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN)?.trim();
  if (given) return given;
  const file = tokenFile(env);
  const saved = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
  return saved.trim() || undefined;
}

function tokenFile(env: Environment): string | undefined {
  try {
    return expandHome(env.HF_TOKEN_PATH || join(hubHome(env), 'token'));
  } catch {
    return undefined; // in the home folder, but there is none
  }
}

/**
 * Make a path absolute, and expand a leading `~`.
 *
 * @throws CircuitTracerError `ERR_FILE_NOT_FOUND` when it begins with `~` and there is no home folder.
 */
export function expandHome(path: string): string {
  if (path !== '~' && !path.startsWith('~/')) return absolutePath(path);
  return absolutePath(join(requireHomeFolder(path, 'an absolute path'), path.slice(1)));
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(value?.toUpperCase() ?? '');
}

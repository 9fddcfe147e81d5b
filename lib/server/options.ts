import { opendir, stat } from 'node:fs/promises';
import { CircuitTracerError } from '../errors';
import { featuresFolder } from '../features/sources/folder-features';
import { hubEndpoint } from '../hub/settings';
import { absolutePath } from '../io/absolute-path';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import { checkInteger, checkOptions, checkText, describe } from '../validate';
import { isLoopback } from './hosts';
import { newToken } from './token';

export interface ServeOptions {
  /** Folder of graph files, as `writeGraphFiles` makes it. Views are saved into them. */
  readonly dataDir: string;
  /**
   * Folder of what is known of features: packed (`index.json.gz`), a folder of transcoders that has such a one, or
   * `<scan>/<number>.json`. Default: the model's, if any.
   */
  readonly featuresDir?: string | undefined;
  /** The model that made the graphs, for steering. It is not disposed of with the server. Default: no steering. */
  readonly model?: ReplacementModel | undefined;
  /** Address to listen on. Default 127.0.0.1. With one that other machines reach, requests need the token. */
  readonly host?: string | undefined;
  /** Default 8041; 0 takes any that is free. */
  readonly port?: number | undefined;
  /** At least 16 letters, digits, `-` or `_`. Default: none on a loopback address, a random one on others. */
  readonly token?: string | undefined;
  /**
   * Look for features that aren't here on the hub, in the repository the graph names; or on the hub of this address.
   * Default false. True: the hub `HF_ENDPOINT` names, or https://huggingface.co.
   */
  readonly hubFeatures?: boolean | string | undefined;
}

export interface ResolvedServeOptions {
  readonly dataDir: string;
  readonly featuresDir: string | undefined;
  readonly model: ReplacementModel | undefined;
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  /** Without a slash at its end. */
  readonly hub: string | undefined;
}

const names = ['dataDir', 'featuresDir', 'model', 'host', 'port', 'token', 'hubFeatures'];

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT`, `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ` for a folder that isn't there or can't be read. */
export async function resolveServeOptions(options: ServeOptions): Promise<ResolvedServeOptions> {
  checkOptions(options, names);
  const { model, host = '127.0.0.1', port = 8041, token, hubFeatures = false } = options;
  const featuresDir = options.featuresDir ?? model?.featuresDirectory;
  checkText(host, 'host');
  return {
    dataDir: await folder(options.dataDir, 'dataDir'),
    featuresDir: featuresDir === undefined ? undefined : await featuresFolder(await folder(featuresDir, 'featuresDir')),
    model,
    host,
    port: checkInteger(port, 'port', 0, 65_535),
    token: token === undefined ? standardToken(host) : checkToken(token),
    hub: hubOf(hubFeatures),
  };
}

async function folder(path: string, name: string): Promise<string> {
  const found = await stat(checkText(path, name)).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new CircuitTracerError('ERR_FILE_NOT_FOUND', `${name} must be a folder; there is none at ${path}.`);
  }
  // Only trying tells.
  const opened = await opendir(path).catch((cause) => {
    const message = `${name} must be a folder that can be read; ${path} can't be: permission denied.`;
    throw new CircuitTracerError('ERR_FILE_READ', message, { cause });
  });
  await opened.close();
  return absolutePath(path);
}

function standardToken(host: string): string | undefined {
  return isLoopback(host) ? undefined : newToken();
}

function checkToken(token: unknown): string {
  if (typeof token === 'string' && /^[\w-]{16,256}$/.test(token)) return token;
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    "token must be 16 to 256 letters, digits, '-' or '_'. Leave it out to have one made.",
  );
}

function hubOf(given: unknown): string | undefined {
  if (given === false) return undefined;
  const address = given === true ? hubEndpoint(process.env) : given;
  if (typeof address === 'string' && /^https?:\/\/[^?#\s]+$/.test(address)) return address.replace(/\/+$/, '');
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    `hubFeatures (or HF_ENDPOINT) must be the address of a hub, true or false; found ${describe(address)}.`,
  );
}

import { opendir, stat } from 'node:fs/promises';
import { CircuitTracerError } from '../errors';
import { featuresFolder } from '../features/sources/folder-features';
import { hubEndpoint } from '../hub/settings';
import { absolutePath } from '../io/absolute-path';
import { integer, later, text } from '../kinds';
import { defineOptions, type OptionsOf, type ResolvedOf, resolveOptions } from '../options';
import type { ReplacementModel } from '../replacement-model/replacement-model';
import { argumentError, invalid } from '../validate';
import { isLoopback } from './hosts';
import { newToken } from './token';

export const serveOptions = defineOptions({
  /** The folder of graph files, as `writeGraphFiles` creates it. Views are saved into the files. */
  dataDir: {
    kind: text,
    required: true,
    flag: '--graph-file-dir <folder>',
    help: 'folder of graph files; views are saved into them',
  },
  /**
   * The folder of feature examples: packed (`index.json.gz`), a folder of transcoders with packed examples, or
   * `<scan>/<number>.json`. Default: those of the model, if any.
   */
  featuresDir: {
    kind: text,
    flag: '--features-dir <folder>',
    help: 'folder of feature examples (default: those of the transcoders)',
  },
  /** The model that made the graphs, for steering. Closing the server does not dispose of it. Default: no steering. */
  model: { kind: later<ReplacementModel>() },
  /** The address to listen on. If other machines can connect to it, requests need the token. Default `127.0.0.1`. */
  host: {
    kind: text,
    default: '127.0.0.1',
    flag: '--host <address>',
    help: 'address to listen on; requests from other machines need the token',
  },
  /** The port to listen on. 0 selects any free port. Default 8041. */
  port: {
    kind: integer(0, 65_535),
    default: 8041,
    flag: '--port <n>',
    help: 'port of the server; 0 selects a free port',
  },
  /**
   * The token that requests must send: at least 16 letters, digits, `-` or `_`. Default: none on a loopback address, a
   * random one on others.
   */
  token: {
    kind: later<string>(),
    flag: '--token <token>',
    help: 'token that requests must send (default: a random one if other machines can connect)',
  },
  /**
   * Fetch missing feature examples from the hub, from the repository that the graph names. Set it to the URL of a hub,
   * or to true for the hub in `HF_ENDPOINT`, otherwise https://huggingface.co. Default false.
   */
  hubFeatures: {
    kind: later<boolean | string>(),
    default: false,
    flag: '--hub-features',
    help: 'fetch missing feature examples from the hub at HF_ENDPOINT, or huggingface.co',
  },
});

export interface ServeOptions extends OptionsOf<typeof serveOptions> {}

export interface ResolvedServeOptions extends Omit<ResolvedOf<typeof serveOptions>, 'hubFeatures'> {
  /** Without a trailing slash. */
  readonly hub: string | undefined;
}

/**
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT`, or `ERR_FILE_NOT_FOUND` or `ERR_FILE_READ` for a folder that is
 * missing or cannot be read.
 */
export async function resolveServeOptions(options: ServeOptions): Promise<ResolvedServeOptions> {
  const { hubFeatures, ...resolved } = resolveOptions(serveOptions, options);
  const { dataDir, model, host, token } = resolved;
  const { featuresDir = model?.featuresDirectory } = resolved;
  return {
    ...resolved,
    dataDir: await folder(dataDir, 'dataDir'),
    featuresDir: featuresDir === undefined ? undefined : await featuresFolder(await folder(featuresDir, 'featuresDir')),
    token: token === undefined ? standardToken(host) : checkToken(token),
    hub: hubOf(hubFeatures),
  };
}

async function folder(path: string, name: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new CircuitTracerError('ERR_FILE_NOT_FOUND', `${name} must be a folder; found none at ${path}.`);
  }
  // Permissions can only be determined by trying.
  const opened = await opendir(path).catch((cause) => {
    const message = `${name} must be a readable folder; found no permission to read ${path}.`;
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
  throw argumentError("token must be 16 to 256 letters, digits, '-' or '_'. Omit it to generate one.");
}

function hubOf(given: unknown): string | undefined {
  if (given === false) return undefined;
  const address = given === true ? hubEndpoint(process.env) : given;
  if (typeof address === 'string' && /^https?:\/\/[^?#\s]+$/.test(address)) return address.replace(/\/+$/, '');
  throw invalid('hubFeatures (or HF_ENDPOINT)', 'the URL of a hub, true or false', address);
}

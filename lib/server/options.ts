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
  /** Folder of graph files, as `writeGraphFiles` makes it. Views are saved into them. */
  dataDir: {
    kind: text,
    required: true,
    flag: '--graph-file-dir <folder>',
    help: 'folder of graph files; views are saved into them',
  },
  /**
   * Folder of what is known of features: packed (`index.json.gz`), a folder of transcoders that has such a one, or
   * `<scan>/<number>.json`. Default: the model's, if any.
   */
  featuresDir: {
    kind: text,
    flag: '--features-dir <folder>',
    help: "what features answer to (default: the transcoders' own)",
  },
  /** The model that made the graphs, for steering. It is not disposed of with the server. Default: no steering. */
  model: { kind: later<ReplacementModel>() },
  /** Address to listen on. With one that other machines reach, requests need the token. Default `127.0.0.1`. */
  host: {
    kind: text,
    default: '127.0.0.1',
    flag: '--host <address>',
    help: 'address to listen on; other machines need the token',
  },
  /** Port to listen on; 0 takes any that is free. Default 8041. */
  port: { kind: integer(0, 65_535), default: 8041, flag: '--port <n>', help: 'port of the server; 0 takes a free one' },
  /** At least 16 letters, digits, `-` or `_`. Default: none on a loopback address, a random one on others. */
  token: {
    kind: later<string>(),
    flag: '--token <token>',
    help: 'what requests must show (default: a random one where other machines can connect)',
  },
  /**
   * Look for features that aren't here on the hub, in the repository the graph names; or on the hub of this address.
   * True: the hub `HF_ENDPOINT` names, or https://huggingface.co. Default false.
   */
  hubFeatures: {
    kind: later<boolean | string>(),
    default: false,
    flag: '--hub-features',
    help: 'fetch features that are not here from the hub: HF_ENDPOINT, or huggingface.co',
  },
});

export interface ServeOptions extends OptionsOf<typeof serveOptions> {}

export interface ResolvedServeOptions extends Omit<ResolvedOf<typeof serveOptions>, 'hubFeatures'> {
  /** Without a slash at its end. */
  readonly hub: string | undefined;
}

/** @throws CircuitTracerError `ERR_INVALID_ARGUMENT`, `ERR_FILE_NOT_FOUND`, `ERR_FILE_READ` for a folder that isn't there or can't be read. */
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
  throw argumentError("token must be 16 to 256 letters, digits, '-' or '_'. Leave it out to have one made.");
}

function hubOf(given: unknown): string | undefined {
  if (given === false) return undefined;
  const address = given === true ? hubEndpoint(process.env) : given;
  if (typeof address === 'string' && /^https?:\/\/[^?#\s]+$/.test(address)) return address.replace(/\/+$/, '');
  throw invalid('hubFeatures (or HF_ENDPOINT)', 'the address of a hub, true or false', address);
}

import type { Command } from 'commander';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import { type GraphServer, serve } from '../../server';
import { openInBrowser } from '../runtime/open-browser';
import { wholeNumber } from './arguments';

/** Flags of commands that start the server of the page. */
export interface ServerFlags {
  featuresDir?: string;
  port: number;
  host?: string;
  token?: string;
  hubFeatures?: boolean;
  open?: boolean;
}

export function addServerOptions(command: Command): Command {
  return command
    .option('--features-dir <folder>', "what features answer to (default: the transcoders' own)")
    .option('--port <n>', 'port of the server; 0 takes a free one', wholeNumber(0, 65_535), 8041)
    .option('--host <address>', 'address to listen on; other machines need the token (default: 127.0.0.1)')
    .option('--token <token>', 'what requests must show (default: a random one where other machines can connect)')
    .option('--hub-features', 'fetch features that are not here from the hub: HF_ENDPOINT, or huggingface.co')
    .option('--open', 'open the page in a browser');
}

/** What to serve, and where to say so. */
export interface Serving {
  readonly dataDir: string;
  /** The graph whose page to show; default: the page chooses. */
  readonly slug?: string;
  readonly model?: ReplacementModel;
  readonly output: NodeJS.WritableStream;
}

/**
 * Find out before long work that its result can be shown.
 *
 * @throws CircuitTracerError what `serve` throws.
 */
export async function checkServing(dataDir: string, flags: ServerFlags): Promise<void> {
  await (await serve({ dataDir, ...serveOptionsOf(flags) })).close();
}

function serveOptionsOf({ featuresDir, port, host, token, hubFeatures }: ServerFlags) {
  return { featuresDir, port, host, token, hubFeatures };
}

/** Serve until the signal fires. */
export async function serveUntilStopped(
  { dataDir, slug, model, output }: Serving,
  flags: ServerFlags,
  signal: AbortSignal,
): Promise<void> {
  await using server = await serve({ dataDir, model, ...serveOptionsOf(flags) });
  const url = addressFor(server, slug);
  output.write(`The page is at ${url}\nPress Ctrl-C to stop.\n`);
  if (flags.open) openInBrowser(url);
  await fired(signal);
}

function addressFor(server: GraphServer, slug: string | undefined): string {
  return slug === undefined ? server.url : server.urlOf(slug);
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import type { Command } from 'commander';
import type { ReplacementModel } from '../../replacement-model/replacement-model';
import { type GraphServer, serve } from '../../server';
import { serveOptions } from '../../server/options';
import { openInBrowser } from '../runtime/open-browser';
import { addFlags, optionsFrom } from './table-flags';

/** The flags of commands that start the server. */
export interface ServerFlags {
  open?: boolean;
}

export function addServerOptions(command: Command): Command {
  return addFlags(command, serveOptions, ['featuresDir', 'port', 'host', 'token', 'hubFeatures']).option(
    '--open',
    'open the page in a browser',
  );
}

/** The content to serve, and where to print its URL. */
export interface Serving {
  readonly dataDir: string;
  /** The slug of the graph to open. Default: the page's choice. */
  readonly slug?: string;
  readonly model?: ReplacementModel;
  readonly output: NodeJS.WritableStream;
}

/**
 * Check before long work that its result can be shown.
 *
 * @throws CircuitTracerError the errors of `serve`.
 */
export async function checkServing(dataDir: string, flags: ServerFlags): Promise<void> {
  await (await serve({ ...optionsFrom(serveOptions, flags), dataDir })).close();
}

/** Serve until the signal fires. */
export async function serveUntilStopped(
  { dataDir, slug, model, output }: Serving,
  flags: ServerFlags,
  signal: AbortSignal,
): Promise<void> {
  await using server = await serve({ ...optionsFrom(serveOptions, flags), dataDir, model });
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

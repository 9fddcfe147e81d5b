import { spawn } from 'node:child_process';
import { log } from '../../log';

/** Open a URL in the user's browser. If there is none, the URL has already been printed. */
export function openInBrowser(url: string): void {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(program as string, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', (error) => log().warn(`The browser could not be opened (${error.message}).`));
  child.unref();
}

const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

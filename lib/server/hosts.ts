import { isIP, isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const everyAddress = ['0.0.0.0', '::'];

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * The names a request may call this server by, lower case. A page elsewhere that has its own name resolve to this machine
 * (DNS rebinding) sends that name. Ports don't count: tunnels change them.
 */
export function hostNames(host: string): ReadonlySet<string> {
  const own = isLoopback(host) ? [host] : [host, hostname(), ...ownAddresses()];
  return new Set([...loopbackNames, ...own.map((name) => bracketed(name).toLowerCase())]);
}

/** The name to put in the server's address: one that other machines can use when the server listens for them. */
export function shownHost(host: string): string {
  if (!everyAddress.includes(host)) return bracketed(host);
  return bracketed(ownAddresses()[0] ?? hostname());
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address);
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** The name in a Host header, without its port; undefined when it isn't one. */
export function nameInHost(header: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::\d{1,5})?$/i.exec(header)?.[1]?.toLowerCase();
}

import { isIP, isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const everyAddress = ['0.0.0.0', '::'];

/** Whether an address is reachable only from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * The allowed names in the Host header, in lower case. A page on another site that makes its own name resolve to this
 * machine (DNS rebinding) sends that name. Ports are ignored, because tunnels change them.
 */
export function hostNames(host: string): ReadonlySet<string> {
  const own = isLoopback(host) ? [host] : [host, hostname(), ...ownAddresses()];
  return new Set([...loopbackNames, ...own.map((name) => bracketed(name).toLowerCase())]);
}

/** The host name for the server's URL, which is reachable from other machines if the server listens for them. */
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

/** The name in a Host header without its port; undefined for an invalid header. */
export function nameInHost(header: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::\d{1,5})?$/i.exec(header)?.[1]?.toLowerCase();
}

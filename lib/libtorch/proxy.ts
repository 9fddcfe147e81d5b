import type { Environment } from './cache';

/**
 * The proxy for an address: that of pip's setting, or `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` in either case unless
 * `NO_PROXY` names the host. Undefined for a direct connection. Proxies of SOCKS are left out.
 */
export function proxyFor(url: URL, env: Environment, configured?: string): URL | undefined {
  if (isExcluded(url, variable(env, 'no_proxy') ?? '')) return undefined;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const given = configured || variable(env, name) || variable(env, 'all_proxy');
  if (!given) return undefined;
  const text = given.includes('://') ? given : `http://${given}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  return proxy && /^https?:$/.test(proxy.protocol) ? proxy : undefined;
}

function variable(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}

/** Whether `NO_PROXY` names the host: `*`, a host with its subdomains, or either with a port. */
function isExcluded({ hostname, port, protocol }: URL, list: string): boolean {
  const actualPort = port || (protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, host = '', wantedPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (!host || (wantedPort && wantedPort !== actualPort)) return false;
    return hostname === host || hostname.endsWith(`.${host}`);
  });
}

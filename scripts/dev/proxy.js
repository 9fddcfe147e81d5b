/** Addresses of the server's API. `/data/` is also a folder of the page's sources, so only JSON counts there. */
const served = ['^/api/', '^/features/', '^/save_graph/', '^/data/.+\\.json($|\\?)', '^/graph_data/.+\\.json($|\\?)'];

/**
 * Vite's settings for passing requests of the page on to a server of graph files.
 *
 * @param address as `start-server` prints it, with or without a token
 */
function proxyTo(address) {
  const { origin: target, searchParams } = new URL(address);
  const token = searchParams.get('token');
  const entry = {
    target,
    changeOrigin: true,
    ...(token && { headers: { authorization: `Bearer ${token}` } }),
    configure: (proxy) => proxy.on('proxyReq', (passedOn, { headers }) => passOnOrigin(passedOn, headers, target)),
  };
  return Object.fromEntries(served.map((pattern) => [pattern, entry]));
}

/** Only requests of the page itself come to look like the server's own: those of other sites stay refused. */
function passOnOrigin(passedOn, { origin, host }, target) {
  if (origin === `http://${host}`) passedOn.setHeader('origin', target);
}

module.exports = { proxyTo };

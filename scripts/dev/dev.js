#!/usr/bin/env node
/**
 * Serves the page from its sources with Vite, for development: `npm run dev`. Requests of the page are passed on to a
 * server of graph files.
 *
 *   npm run dev -- [--graph-file-dir <folder>] [--server <address>] [--port <n>]
 *
 * --graph-file-dir  folder of graph files; default: the graph of the demo, which is created if missing
 * --server          the URL of a running server as it was printed, including the token
 * --port            port of the page; default 5173
 */
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { proxyTo } = require('./proxy');

const root = path.join(__dirname, '..', '..');
const cli = path.join(root, 'dist', 'cli', 'main.js');
const demoFolder = path.join(root, 'circuit-tracer-demo');
const options = { 'graph-file-dir': { type: 'string' }, server: { type: 'string' }, port: { type: 'string' } };

function makeDemoGraphs() {
  if (fs.existsSync(path.join(demoFolder, 'dallas.json'))) return;
  const { status } = spawnSync(process.execPath, [cli, 'demo', '--out', demoFolder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('The graph of the demo could not be made (see above).');
}

/**
 * Starts a server on a free port, which ends with this process.
 *
 * @returns its address
 */
function startServer(folder) {
  const args = [cli, 'start-server', '--graph-file-dir', folder, '-m', 'demo', '--port', '0'];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => server.kill());
  return new Promise((resolve, reject) => {
    let output = '';
    server.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const [, address] = /The page is at (\S+)\n/.exec(output) ?? [];
      if (address) resolve(address);
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`The server of graph files ended with exit code ${code}.`)));
  });
}

async function addressOfServer({ server, 'graph-file-dir': folder }) {
  if (server !== undefined) return server;
  if (folder === undefined) makeDemoGraphs();
  return startServer(folder ?? demoFolder);
}

async function main() {
  const { values } = parseArgs({ options });
  const address = await addressOfServer(values);
  const { createServer } = await import('vite');
  const page = await createServer({
    configFile: path.join(root, 'lib', 'frontend', 'vite.config.mts'),
    server: { host: '127.0.0.1', port: Number(values.port ?? 5173), proxy: proxyTo(address) },
  });
  await page.listen();
  console.log(`Graphs come from ${new URL(address).origin}`);
  page.printUrls();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => page.close().finally(() => process.exit(0)));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { parseWheelName } from '../../../../lib/libtorch/wheel-name';
import { type FakeWheel, hash } from './fake-wheel';

/** A package index on the loopback interface, as good or as bad as told. */
export class IndexServer {
  wheels: FakeWheel[] = [];
  json = true;
  /** Pack pages although nobody asked for it. */
  isPacked = false;
  hasRanges = true;
  hasHashes = true;
  /** The checksum that is listed instead of the true one. */
  wrongHash: string | undefined;
  wrongMetadataHash: string | undefined;
  /** Answer everything with this page. */
  portal: string | undefined;
  /** Answer files only with this page. */
  filePortal: string | undefined;
  /** Break so many coming downloads after so many bytes. Requests of fewer bytes are spared. */
  breaks = { times: 0, after: 0 };
  /** Answer so many coming requests for wheels with status 503. */
  failures = 0;
  /** User and password that every request must show. */
  login: string | undefined;
  readonly requests: { path: string; range: string | undefined }[] = [];
  /** The bytes of wheels sent. */
  sent = 0;
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));

  static async start(...wheels: FakeWheel[]): Promise<IndexServer> {
    const server = new IndexServer();
    server.wheels = wheels;
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.login ? `${this.login}@` : ''}${this.host}/simple`;
  }

  /** The requests for wheels. */
  get downloads(): { path: string; range: string | undefined }[] {
    return this.requests.filter(({ path }) => path.startsWith('/files/'));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? '');
    this.requests.push({ path, range: request.headers.range });
    const expected = this.login && `Basic ${Buffer.from(this.login).toString('base64')}`;
    if (expected && request.headers.authorization !== expected) return void response.writeHead(401).end();
    if (path.startsWith('/files/') && this.failures-- > 0) return void response.writeHead(503).end();
    const page = this.portal ?? (path.startsWith('/files/') ? this.filePortal : undefined);
    if (page) return void response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    if (project) this.#list(project, response);
    else this.#send(path.replace('/files/', ''), request.headers.range, response);
  }

  #list(project: string, response: ServerResponse): void {
    const wheels = this.wheels.filter(({ name }) => parseWheelName(name)?.project === project);
    if (wheels.length === 0) return void response.writeHead(404).end();
    const files = wheels.map(({ name, bytes, metadata }) => ({
      name,
      url: `../../files/${encodeURIComponent(name)}`,
      sha256: this.hasHashes ? (this.wrongHash ?? hash(bytes)) : undefined,
      metadata: this.wrongMetadataHash ?? hash(metadata),
    }));
    const type = this.json ? 'application/vnd.pypi.simple.v1+json' : 'text/html; charset=utf-8';
    response.writeHead(200, { 'content-type': type, ...(this.isPacked && { 'content-encoding': 'gzip' }) });
    const send = (text: string) => response.end(this.isPacked ? gzipSync(text) : text);
    if (this.json) {
      const listed = files.map(({ name, url, sha256, metadata }) => ({
        filename: name,
        url,
        hashes: sha256 ? { sha256 } : {},
        'core-metadata': { sha256: metadata },
        yanked: false,
      }));
      send(JSON.stringify({ meta: { 'api-version': '1.1' }, name: project, files: listed }));
    } else {
      const links = files.map(
        ({ name, url, sha256, metadata }) =>
          `<a href="${url}${sha256 ? `#sha256=${sha256}` : ''}" data-requires-python="&gt;=3.10" ` +
          `data-core-metadata="sha256=${metadata}">${name}</a><br/>`,
      );
      send(`<!DOCTYPE html><html><head><title>Links for ${project}</title></head><body>${links.join('\n')}</body>`);
    }
  }

  #send(name: string, range: string | undefined, response: ServerResponse): void {
    const bytes = this.wheels.find((wheel) => wheel.name === name)?.bytes;
    if (!bytes) return void response.writeHead(404).end();
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec((this.hasRanges && range) || '') ?? [];
    const start = Number(from || 0);
    const end = to ? Number(to) + 1 : bytes.length;
    const part = bytes.subarray(start, end);
    const headers: Record<string, string | number> = {
      'content-length': part.length,
      'content-type': 'application/zip',
    };
    if (from) headers['content-range'] = `bytes ${start}-${end - 1}/${bytes.length}`;
    response.writeHead(from ? 206 : 200, headers);
    if (part.length > this.breaks.after && this.breaks.times-- > 0) {
      this.sent += this.breaks.after;
      response.write(part.subarray(0, this.breaks.after), () => setTimeout(() => response.destroy(), 20));
      return;
    }
    this.sent += part.length;
    response.end(part);
  }
}

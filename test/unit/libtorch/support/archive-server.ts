import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves one file on the loopback interface, as well or as badly as told. */
export class ArchiveServer {
  /** Value of the range header of each request, in order. */
  readonly ranges: (string | undefined)[] = [];
  /** Break the connection of so many coming requests after so many bytes. */
  breaks = { times: 0, after: 0 };
  /** Byte of the file after which answers say no more, and stay open. */
  silentAfter: number | undefined;
  status = 200;
  etag = '"1"';
  readonly #server: Server;

  private constructor(public content: Buffer) {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(content: Buffer): Promise<ArchiveServer> {
    const server = new ArchiveServer(content);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/libtorch.zip`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range } = request.headers;
    this.ranges.push(range);
    if (this.status !== 200) {
      response.writeHead(this.status).end();
      return;
    }
    const usable = range && request.headers['if-range'] === this.etag;
    const start = usable ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
    const body = this.content.subarray(start);
    const headers: Record<string, string | number> = { etag: this.etag, 'content-length': body.length };
    if (usable) headers['content-range'] = `bytes ${start}-${this.content.length - 1}/${this.content.length}`;
    response.writeHead(usable ? 206 : 200, headers);
    if (this.silentAfter !== undefined) response.write(this.content.subarray(start, Math.max(start, this.silentAfter)));
    else if (this.breaks.times-- > 0) response.write(body.subarray(0, this.breaks.after), () => response.destroy());
    else response.end(body);
  }
}

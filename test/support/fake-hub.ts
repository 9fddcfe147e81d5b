import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export interface FakeRepository {
  /** Files of the head of `main`, by path. */
  readonly files: Map<string, Buffer>;
  /** Of `main`. */
  readonly commit: string;
  /** Other branches and tags, as commits of the same files. */
  readonly revisions: Map<string, string>;
  /** Only this token may download. */
  gatedFor?: string;
  /** Without this token there is no such repository. */
  privateFor?: string;
}

export interface RecordedRequest {
  readonly server: 'hub' | 'cdn';
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** @returns true when it has answered itself. */
type Interception = (request: RecordedRequest, response: ServerResponse) => boolean;

/** Files from this size on are in large file storage, on another origin. */
const largeFrom = 2048;

/** The hub's protocol, as far as it is used, on this machine: repositories served from memory. */
export class FakeHub {
  readonly repositories = new Map<string, FakeRepository>();
  readonly requests: RecordedRequest[] = [];
  /** Tried in turn before the answer proper. */
  readonly interceptions: Interception[] = [];
  /** Bytes after which the body of a download is cut off, one entry per download. */
  readonly cuts: number[] = [];
  /** Large files wait until so many are asked for at once; then this is 0 again. */
  heldUntil = 0;
  mostInFlight = 0;
  #inFlight = 0;
  #held: (() => void)[] = [];
  readonly #hub = createServer((request, response) => this.#serve('hub', request, response));
  readonly #cdn = createServer((request, response) => this.#serve('cdn', request, response));

  static async start(): Promise<FakeHub> {
    const hub = new FakeHub();
    await Promise.all([listen(hub.#hub), listen(hub.#cdn)]);
    return hub;
  }

  get endpoint(): string {
    return addressOf(this.#hub);
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  add(repo: string, files: Readonly<Record<string, string | Buffer>>): FakeRepository {
    const entries = Object.entries(files).map(([name, content]) => [name, Buffer.from(content)] as const);
    const commit = sha1(`${repo}${entries.map(([name, content]) => name + sha1(content)).join()}`);
    const repository = { files: new Map(entries), commit, revisions: new Map<string, string>() };
    this.repositories.set(repo, repository);
    return repository;
  }

  /** @param under folder of the repository that the files go to */
  addFolder(repo: string, folder: string, under = ''): FakeRepository {
    const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = names.map((entry) => path.join(entry.parentPath, entry.name));
    const files = paths.map((file) => [path.posix.join(under, path.relative(folder, file)), readFileSync(file)]);
    return this.add(repo, Object.fromEntries(files));
  }

  /** Requests since the last call of this. */
  takeRequests(): RecordedRequest[] {
    return this.requests.splice(0);
  }

  #serve(server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): unknown {
    const { url = '', method = '', headers } = request;
    const recorded = { server, method, url, range: headers.range, authorization: headers.authorization };
    this.requests.push(recorded);
    if (this.interceptions.some((intercept) => intercept(recorded, response))) return;
    const { pathname } = new URL(url, 'http://hub');
    if (server === 'cdn') return this.#sendBytes(response, this.#blob(pathname.slice(1)), recorded.range);
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|paths-info)\/([^/]+)$/.exec(pathname);
    const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const [, repo = '', what = '', rev = ''] = api ?? [undefined, resolve?.[1], 'resolve', resolve?.[2]];
    const found = this.repositories.get(repo);
    if (!found || (found.privateFor && recorded.authorization !== `Bearer ${found.privateFor}`)) {
      return refuse(response, 404, 'RepoNotFound');
    }
    const revision = decodeURIComponent(rev);
    const commit = revision === 'main' ? found.commit : (found.revisions.get(revision) ?? revision);
    if (![found.commit, ...found.revisions.values()].includes(commit)) return refuse(response, 404, 'RevisionNotFound');
    if (what === 'revision') return sendJson(response, modelInfo(repo, commit, found));
    if (what === 'paths-info') return sendPathsInfo(request, response, found);
    return this.#resolve(response, found, commit, decodeURIComponent(resolve?.[3] ?? ''), recorded);
  }

  #resolve(
    response: ServerResponse,
    found: FakeRepository,
    commit: string,
    file: string,
    request: RecordedRequest,
  ): unknown {
    const content = found.files.get(file);
    if (found.gatedFor && request.authorization !== `Bearer ${found.gatedFor}`) {
      return refuse(response, request.authorization ? 403 : 401, 'GatedRepo');
    }
    if (!content) return refuse(response, 404, 'EntryNotFound');
    response.setHeader('x-repo-commit', commit);
    const { oid, lfs } = entryOf(file, content);
    response.setHeader('etag', `"${oid}"`);
    if (!lfs) return this.#sendBytes(response, content, request.range);
    response.setHeader('x-linked-etag', `"${lfs.oid}"`);
    response.setHeader('x-linked-size', lfs.size);
    return response.writeHead(302, { location: `${addressOf(this.#cdn)}/${lfs.oid}` }).end();
  }

  #blob(sha256: string): Buffer | undefined {
    const all = [...this.repositories.values()].flatMap(({ files }) => [...files.values()]);
    return all.find((content) => hashOf('sha256', content) === sha256);
  }

  #sendBytes(response: ServerResponse, content: Buffer | undefined, range: string | undefined): unknown {
    if (!content) return refuse(response, 404, 'EntryNotFound');
    const [, first, last] = /^bytes=(\d+)-(\d*)/.exec(range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last ? Number(last) + 1 : content.length;
    if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${content.length}`);
    const body = content.subarray(start, end);
    response.writeHead(range ? 206 : 200, { 'content-length': body.length, 'accept-ranges': 'bytes' });
    return this.#sendBody(response, body);
  }

  async #sendBody(response: ServerResponse, body: Buffer): Promise<void> {
    if (body.length >= largeFrom) await this.#enter(response);
    const cut = body.length >= largeFrom ? this.cuts.shift() : undefined;
    if (cut === undefined || cut >= body.length) response.end(body);
    else response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  }

  async #enter(response: ServerResponse): Promise<void> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.#inFlight);
    response.on('close', () => this.#inFlight--);
    if (this.#inFlight >= this.heldUntil) {
      this.heldUntil = 0;
      for (const release of this.#held.splice(0)) release();
    } else await new Promise<void>((resolve) => this.#held.push(resolve));
  }
}

function modelInfo(id: string, sha: string, { files, gatedFor, privateFor }: FakeRepository) {
  const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
  const lastModified = '2025-01-01T00:00:00.000Z';
  return {
    _id: sha.slice(0, 24),
    id,
    sha,
    siblings,
    lastModified,
    gated: gatedFor ? 'manual' : false,
    private: !!privateFor,
  };
}

function sendPathsInfo(request: IncomingMessage, response: ServerResponse, { files }: FakeRepository): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const { paths } = JSON.parse(Buffer.concat(pieces).toString()) as { paths: string[] };
    const known = paths.flatMap((name) => (files.has(name) ? [entryOf(name, files.get(name) ?? Buffer.of())] : []));
    sendJson(response, known);
  });
}

/** An entry of a listing: git object id of what git holds, which for large files is a pointer. */
function entryOf(name: string, content: Buffer) {
  const entry = { type: 'file', path: name, size: content.length };
  if (content.length < largeFrom) return { ...entry, oid: gitHash(content), lfs: undefined };
  const oid = hashOf('sha256', content);
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
  return {
    ...entry,
    oid: gitHash(Buffer.from(pointer)),
    lfs: { oid, size: content.length, pointerSize: pointer.length },
  };
}

export function gitHash(content: Buffer): string {
  return hashOf('sha1', Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]));
}

export function hashOf(algorithm: 'sha1' | 'sha256', content: Buffer): string {
  return createHash(algorithm).update(content).digest('hex');
}

const sha1 = (content: string | Buffer) => createHash('sha1').update(content).digest('hex');

function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' })
    .end(JSON.stringify({ error: code }));
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { isObject } from '../is-object';
import { parseJson } from '../json';
import { type HttpAnswer, type HttpClient, withoutCredentials } from './http-client';
import { fetchBytes } from './transfer';
import { UnavailableError } from './unavailable';
import { normalized } from './wheel-name';

/** A file that an index lists. */
export interface IndexFile {
  readonly name: string;
  /** An address of http, https or file, perhaps with credentials. */
  readonly url: string;
  /** The checksum in hexadecimal. */
  readonly sha256?: string;
  /** The checksum of the METADATA in the wheel (PEP 658), in hexadecimal. */
  readonly metadataSha256?: string;
  readonly isYanked: boolean;
}

export interface Place {
  /** The address of an index, or an address or a path that `find-links` names. */
  readonly location: string;
  readonly isIndex: boolean;
}

export interface ListOptions {
  readonly client: HttpClient;
  readonly signal?: AbortSignal;
}

const largestPage = 2 ** 26;

const accept =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01';

/**
 * The files of a project that a place has: an index with the simple API in JSON (PEP 691) or HTML (PEP 503), or what
 * `find-links` names, that is a folder, a page or one wheel. Empty when it does not have the project.
 *
 * @throws UnavailableError when the place cannot be read or is none; CircuitTracerError `ABORT_ERR`.
 */
export async function listFiles(place: Place, project: string, options: ListOptions): Promise<IndexFile[]> {
  const url = asUrl(place.location);
  if (!place.isIndex && url.pathname.endsWith('.whl')) return [plainFile(url.href)];
  const page = place.isIndex ? new URL(`${url.pathname.replace(/\/+$/, '')}/${normalized(project)}/`, url) : url;
  page.username = url.username;
  page.password = url.password;
  return page.protocol === 'file:' ? listLocal(page, place) : listRemote(page, place, project, options);
}

/** An address, also for a path. */
function asUrl(location: string): URL {
  const isAddress = /^[a-z][a-z0-9+.-]+:\/\//i.test(location) && URL.canParse(location);
  return isAddress ? new URL(location) : pathToFileURL(path.resolve(location));
}

function plainFile(url: string): IndexFile {
  return { name: nameIn(url), url, isYanked: false };
}

async function listLocal(url: URL, { isIndex }: Place): Promise<IndexFile[]> {
  const file = fileURLToPath(url);
  try {
    const isFolder = (await stat(file)).isDirectory();
    if (isFolder && !isIndex) {
      const names = await readdir(file);
      return names.map((name) => plainFile(pathToFileURL(path.join(file, name)).href));
    }
    const page = isFolder ? path.join(file, 'index.html') : file;
    return linksIn(await readFile(page, 'utf8'), pathToFileURL(page).href);
  } catch (error) {
    if (isIndex && (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UnavailableError(`${file} cannot be read (${(error as Error).message})`);
  }
}

async function listRemote(url: URL, place: Place, project: string, options: ListOptions): Promise<IndexFile[]> {
  const shown = withoutCredentials(url);
  const request = { ...options, url: url.href, shown, headers: { accept } };
  const { bytes, answer } = await fetchBytes(request, largestPage);
  if (answer.status === 404 || answer.status === 410) return [];
  if (answer.status === 401 || answer.status === 403) {
    throw new UnavailableError(`${shown}: HTTP status ${answer.status}. Put the index's user and password in its URL`);
  }
  if (answer.status !== 200) throw new UnavailableError(`${shown}: HTTP status ${answer.status}`);
  const isJson = /^application\/(vnd\.pypi\.simple\.v\d+\+)?json/.test(answer.headers['content-type'] ?? '');
  const text = unpacked(bytes, answer).toString('utf8');
  const files = isJson ? filesIn(text, answer.url, shown) : linksIn(text, answer.url);
  const isListing = isJson || !place.isIndex || files.some(({ name }) => isOf(name, project)) || isEmptyListing(text);
  if (!isListing) {
    throw new UnavailableError(
      `${shown}: a web page arrived that is no list of packages. A login page of this network or a proxy may be in ` +
        'the way, or the address of the index is wrong',
    );
  }
  const reachable = files.filter((file) => /^https?:/.test(file.url));
  return reachable.map((file) => ({ ...file, url: withCredentialsOf(url, file.url) }));
}

/** A page that a server packs although it was not asked to. */
function unpacked(bytes: Buffer, { headers }: HttpAnswer): Buffer {
  return headers['content-encoding'] === 'gzip' ? gunzipSync(bytes, { maxOutputLength: largestPage }) : bytes;
}

/** Whether a page of HTML is the list of a project without files: it has neither links nor a form. */
function isEmptyListing(text: string): boolean {
  return /<html/i.test(text) && !/<(a|form|script|input)\b/i.test(text) && /links for|simple index/i.test(text);
}

function isOf(name: string, project: string): boolean {
  return normalized(name).startsWith(`${normalized(project)}-`);
}

/** Files on the server of the index are fetched with the credentials of the index. */
function withCredentialsOf(index: URL, file: string): string {
  const url = new URL(file);
  if (url.origin !== index.origin || url.username) return file;
  url.username = index.username;
  url.password = index.password;
  return url.href;
}

function filesIn(text: string, base: string, shown: string): IndexFile[] {
  let files: unknown;
  try {
    const answer = parseJson(text);
    files = isObject(answer) ? answer.files : undefined;
  } catch {}
  if (!Array.isArray(files)) throw new UnavailableError(`${shown}: the answer is no list of packages`);
  return files.flatMap((file) => fileOf(file, base) ?? []);
}

function fileOf(file: unknown, base: string): IndexFile | undefined {
  if (!isObject(file) || typeof file.filename !== 'string' || typeof file.url !== 'string') return undefined;
  if (!URL.canParse(file.url, base)) return undefined;
  const sha256 = hashIn(file.hashes);
  const metadataSha256 = hashIn(file['core-metadata'] ?? file['data-dist-info-metadata'] ?? file['dist-info-metadata']);
  return {
    name: file.filename,
    url: withoutFragment(new URL(file.url, base)),
    isYanked: Boolean(file.yanked),
    ...(sha256 && { sha256 }),
    ...(metadataSha256 && { metadataSha256 }),
  };
}

function hashIn(hashes: unknown): string | undefined {
  return isObject(hashes) && typeof hashes.sha256 === 'string' ? sha256In(`sha256=${hashes.sha256}`) : undefined;
}

function sha256In(text: string): string | undefined {
  return /(?:^|[#&])sha256=([0-9a-f]{64})(?:$|&)/i.exec(text)?.[1]?.toLowerCase();
}

/** The links of a page of HTML. */
function linksIn(html: string, given: string): IndexFile[] {
  const text = html.replace(/<!--.*?-->/gs, '');
  const baseTag = /<base\s[^>]*?href\s*=\s*["']?([^"'\s>]+)/i.exec(text)?.[1];
  const base = baseTag && URL.canParse(plain(baseTag), given) ? new URL(plain(baseTag), given).href : given;
  return [...text.matchAll(/<a\s((?:"[^"]*"|'[^']*'|[^>"'])*)>/gi)].flatMap(([, attributes = '']) => {
    const found = attributesIn(attributes);
    const href = found.get('href');
    if (!href || !URL.canParse(href, base)) return [];
    const url = new URL(href, base);
    const sha256 = sha256In(url.hash);
    const metadataSha256 = sha256In(found.get('data-core-metadata') ?? found.get('data-dist-info-metadata') ?? '');
    const isYanked = found.has('data-yanked');
    const name = nameIn(url.href);
    return [
      {
        name,
        url: withoutFragment(url),
        isYanked,
        ...(sha256 && { sha256 }),
        ...(metadataSha256 && { metadataSha256 }),
      },
    ];
  });
}

function attributesIn(text: string): Map<string, string> {
  const found = text.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g);
  return new Map([...found].map(([, name = '', a, b, c]) => [name.toLowerCase(), plain(a ?? b ?? c ?? '')]));
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text without HTML's entities. */
function plain(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name) return entities[name] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function withoutFragment(url: URL): string {
  const copy = new URL(url.href);
  copy.hash = '';
  return copy.href;
}

function nameIn(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

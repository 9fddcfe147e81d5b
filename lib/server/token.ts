import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { queryParameter } from './target';

/** Create a token of 144 bits. */
export function newToken(): string {
  return randomBytes(18).toString('base64url');
}

/**
 * The token that authorises requests: `?token=` in the first request of the page, then a cookie set by the response, or
 * a bearer token.
 */
export class Token {
  readonly value: string;
  readonly #digest: Buffer;

  constructor(value: string) {
    this.value = value;
    this.#digest = digest(value);
  }

  /** @returns how the request sends the token; undefined when it does not */
  shownBy({ url = '', headers, socket }: IncomingMessage): 'query' | 'cookie' | 'bearer' | undefined {
    if (this.#is(queryParameter(url, 'token'))) return 'query';
    if (this.#is(readCookie(headers.cookie, cookieName(socket.localPort)))) return 'cookie';
    const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return this.#is(bearer) ? 'bearer' : undefined;
  }

  /** The cookie for later requests of the page. It expires when the browser closes. */
  cookie({ socket }: IncomingMessage): string {
    return `${cookieName(socket.localPort)}=${this.value}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Compare in constant time. */
  #is(given: string | undefined): boolean {
    return given !== undefined && timingSafeEqual(digest(given), this.#digest);
  }
}

/**
 * The name of the cookie. All ports of a machine share cookies, and servers on different ports must not overwrite each
 * other's.
 */
const cookieName = (port: number | undefined) => `circuit-tracer-${port}`;

function readCookie(header: string | undefined, name: string): string | undefined {
  const pairs = header?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { queryParameter } from './target';

/** 144 bits. */
export function newToken(): string {
  return randomBytes(18).toString('base64url');
}

/** What lets requests in: `?token=`, which the page's first request has, then the cookie it is answered with, or a bearer. */
export class Token {
  readonly value: string;
  readonly #digest: Buffer;

  constructor(value: string) {
    this.value = value;
    this.#digest = digest(value);
  }

  /** @returns how the request shows the token, or undefined when it doesn't */
  shownBy({ url = '', headers, socket }: IncomingMessage): 'query' | 'cookie' | 'bearer' | undefined {
    if (this.#is(queryParameter(url, 'token'))) return 'query';
    if (this.#is(cookieOf(headers.cookie, cookieName(socket.localPort)))) return 'cookie';
    const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return this.#is(bearer) ? 'bearer' : undefined;
  }

  /** The cookie that later requests of the page show. It ends with the browser. */
  cookie({ socket }: IncomingMessage): string {
    return `${cookieName(socket.localPort)}=${this.value}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** In a time that says nothing of where the two differ. */
  #is(given: string | undefined): boolean {
    return given !== undefined && timingSafeEqual(digest(given), this.#digest);
  }
}

/** Cookies are shared by all ports of a machine; servers on two of them must not overwrite each other's. */
const cookieName = (port: number | undefined) => `circuit-tracer-${port}`;

function cookieOf(header: string | undefined, name: string): string | undefined {
  const pairs = header?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

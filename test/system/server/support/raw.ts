import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** Send bytes as they are, and read what comes back until the server ends the connection. */
export function sendRaw(port: number, ...pieces: (string | Buffer)[]): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => socket.end());
    // Reset while still sending: what came before is the answer.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('latin1'))));
  });
}

function parse(text: string): RawAnswer {
  const [headers = '', ...rest] = text.split('\r\n\r\n');
  const [, status = '0'] = /^HTTP\/1\.1 (\d{3})/.exec(headers) ?? [];
  return { status: Number(status), headers, body: rest.join('\r\n\r\n') };
}

export interface RawRequest {
  method?: string;
  host?: string;
  headers?: readonly string[];
  body?: string;
}

/** A request as text, its target and headers in any spelling. */
export function rawRequest(
  port: number,
  target: string,
  { method = 'GET', host, headers = [], body }: RawRequest = {},
): string {
  const all = [
    `Host: ${host ?? `127.0.0.1:${port}`}`,
    'Connection: close',
    ...headers,
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return `${method} ${target} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

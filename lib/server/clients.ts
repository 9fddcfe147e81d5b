import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { busy, type Problem } from './problem';

export interface ClientLimits {
  /** Connections at once; more are closed at once. */
  readonly connections: number;
  /** Answers at once; more are refused with 503. */
  readonly answers: number;
  /** Milliseconds in which a client must take something of what is sent to it. */
  readonly writeTimeout: number;
}

/** Requests of one connection that wait for their answers. Browsers send one at a time. */
const mostWaiting = 16;

interface Client {
  readonly answers: Set<ServerResponse>;
  /** Bytes the system has taken for it, and when that last grew. */
  sent: number;
  since: number;
}

/** Who is connected, and what they still wait for: limits of number and time that no client can stretch. */
export class Clients {
  readonly #limits: ClientLimits;
  readonly #clients = new Map<Socket, Client>();
  #answers = 0;

  constructor(server: Server, limits: ClientLimits) {
    this.#limits = limits;
    server.maxConnections = limits.connections;
    // A client that ends its side after the request (`nc -N`, HTTP/1.0) still waits for the answer.
    (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    const timer = setInterval(() => this.#endStalled(), Math.min(1000, limits.writeTimeout / 4));
    timer.unref();
    server.once('close', () => clearInterval(timer));
  }

  /** Count an answer that is to be given. @returns why it is refused; undefined when it isn't */
  admit({ socket }: IncomingMessage, outgoing: ServerResponse): Problem | undefined {
    const client = this.#clients.get(socket) ?? this.#enter(socket);
    const isFlood = client.answers.size >= mostWaiting;
    if (isFlood) socket.destroy();
    if (isFlood || this.#answers >= this.#limits.answers)
      return busy('The server is busy with the requests of others.');
    client.answers.add(outgoing);
    this.#answers++;
    outgoing.once('close', () => {
      if (client.answers.delete(outgoing)) this.#answers--;
    });
    return undefined;
  }

  #enter(socket: Socket): Client {
    const client: Client = { answers: new Set(), sent: 0, since: performance.now() };
    this.#clients.set(socket, client);
    socket.once('close', () => {
      this.#clients.delete(socket);
      // Node closes the first answer only; others wait behind it and would for ever.
      for (const answer of client.answers) answer.destroy().emit('close');
    });
    return client;
  }

  /** Who takes nothing of what waits for it. */
  #endStalled(): void {
    const now = performance.now();
    for (const [socket, client] of this.#clients) {
      const sent = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || sent > client.sent) [client.sent, client.since] = [sent, now];
      else if (now - client.since > this.#limits.writeTimeout) socket.destroy();
    }
  }
}

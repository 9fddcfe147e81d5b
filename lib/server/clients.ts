import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { busy, type Problem } from './problem';

export interface ClientLimits {
  /** The maximum number of connections. Further ones are closed immediately. */
  readonly connections: number;
  /** The maximum number of concurrent responses. Further requests are rejected with 503. */
  readonly answers: number;
  /** The time in milliseconds within which a client must receive some of the data sent to it. */
  readonly writeTimeout: number;
}

/** The maximum number of pending requests per connection. Browsers send one at a time. */
const maxPending = 16;

interface Client {
  readonly answers: Set<ServerResponse>;
  /** The bytes that the system has accepted for the client, and when that last increased. */
  sent: number;
  since: number;
}

/** Tracks connections and their pending responses, and enforces limits of number and time. */
export class Clients {
  readonly #limits: ClientLimits;
  readonly #clients = new Map<Socket, Client>();
  #answers = 0;

  constructor(server: Server, limits: ClientLimits) {
    this.#limits = limits;
    server.maxConnections = limits.connections;
    // A client that closes its side after the request (`nc -N`, HTTP/1.0) still waits for the response.
    (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    const timer = setInterval(() => this.#endStalled(), Math.min(1000, limits.writeTimeout / 4));
    timer.unref();
    server.once('close', () => clearInterval(timer));
  }

  /** Count a new response. @returns the reason for a rejection; undefined when the request is accepted */
  admit({ socket }: IncomingMessage, outgoing: ServerResponse): Problem | undefined {
    const client = this.#clients.get(socket) ?? this.#enter(socket);
    const isFlood = client.answers.size >= maxPending;
    if (isFlood) socket.destroy();
    if (isFlood || this.#answers >= this.#limits.answers) return busy('The server is busy with other requests.');
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
      // Node closes only the first response. Others would wait behind it forever.
      for (const answer of client.answers) answer.destroy().emit('close');
    });
    return client;
  }

  /** Close connections whose clients receive nothing of their pending data. */
  #endStalled(): void {
    const now = performance.now();
    for (const [socket, client] of this.#clients) {
      const sent = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || sent > client.sent) [client.sent, client.since] = [sent, now];
      else if (now - client.since > this.#limits.writeTimeout) socket.destroy();
    }
  }
}

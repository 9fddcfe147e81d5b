import type { IncomingMessage, ServerResponse } from 'node:http';

/** Between signs of life sent to a client that has ended its side, in milliseconds. */
const probeInterval = 250;

/**
 * During long work, find out whether a client that has ended its side of the connection waits or is gone. Interim answers,
 * which clients skip, tell: the system of one that is gone refuses them, which closes the connection and stops the work.
 */
export function noticeWhenGone({ socket, httpVersion }: IncomingMessage, outgoing: ServerResponse): void {
  const probe = () => {
    const timer = setInterval(() => {
      if (!outgoing.headersSent && httpVersion === '1.1') outgoing.writeProcessing();
    }, probeInterval);
    outgoing.once('close', () => clearInterval(timer));
  };
  if (socket.readableEnded) probe();
  else socket.once('end', probe);
  outgoing.once('close', () => socket.off('end', probe));
}

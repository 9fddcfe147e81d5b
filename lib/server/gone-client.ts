import type { IncomingMessage, ServerResponse } from 'node:http';

/** The interval of probes to a client that has closed its side, in milliseconds. */
const probeInterval = 250;

/**
 * During long work, determine whether a client that has closed its side of the connection is still waiting. It is
 * probed with interim responses, which clients skip. The system of a client that is gone rejects them, which closes the
 * connection and stops the work.
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

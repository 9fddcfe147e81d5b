import { pino } from 'pino';
import pretty from 'pino-pretty';
import { setLogger } from '../../log';
import { Palette } from '../render/text';
import type { ProgressDisplay } from './progress';

/** Send the package's log to standard error: formatted on a terminal, otherwise as JSON lines. */
export function logToStderr(display: ProgressDisplay, verbose = false): void {
  const level = verbose ? 'info' : 'warn';
  const stream = process.stderr;
  const write = (text: string) => display.print(text.trimEnd());
  if (!stream.isTTY) {
    setLogger(pino({ level }, { write }));
    return;
  }
  const format = pretty.prettyFactory({
    colorize: new Palette(stream).enabled,
    ignore: 'pid,hostname,time',
    singleLine: true,
  });
  setLogger(pino({ level }, { write: (text) => write(format(text)) }));
}

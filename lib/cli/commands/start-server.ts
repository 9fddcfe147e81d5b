import type { Command } from 'commander';
import { serveOptions } from '../../server/options';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { addMachineOptions, addModelOptions, type ModelFlags, withModel } from '../options/model-options';
import { addServerOptions, checkServing, type ServerFlags, serveUntilStopped } from '../options/server-options';
import { addFlags } from '../options/table-flags';
import { interruptible } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

interface StartServerFlags extends ModelFlags, ServerFlags, CommonFlags {
  graphFileDir: string;
}

const example = `
Without --model and --transcoder-set no model is loaded, and the page can do all but steer.

Example:
  circuit-tracer start-server --graph-file-dir graphs -m gemma-2-2b -t gemma-scope`;

export function registerStartServer(program: Command): void {
  const command = program.command('start-server').description('show a folder of graph files in the browser');
  addFlags(command, serveOptions, ['dataDir']);
  addServerOptions(command);
  addModelOptions(command);
  addCommonOptions(addMachineOptions(command), {}).addHelpText('after', example).action(startServer);
}

/** The page can only steer with a model. Everything else works without. */
async function startServer(flags: StartServerFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, flags.verbose);
  const { graphFileDir: dataDir } = flags;
  const output = process.stdout;
  if (flags.model === undefined && flags.transcoderSet === undefined) {
    return interruptible((signal) => serveUntilStopped({ dataDir, output }, flags, signal));
  }
  await checkServing(dataDir, flags);
  return withModel(flags, display, {
    check: () => undefined,
    work: ({ model, signal }) => {
      display.stop();
      return serveUntilStopped({ dataDir, model, output }, flags, signal);
    },
  });
}

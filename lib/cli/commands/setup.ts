import { type Command, Option } from 'commander';
import { type SetupOptions, setupLibtorch } from '../../libtorch/fetch';
import { type Variant, variants } from '../../libtorch/sources';
import { interruptible } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

interface SetupFlags {
  variant: Variant;
  force: boolean;
  verbose: boolean;
}

export function registerSetup(program: Command): void {
  program
    .command('setup')
    .description('fetch LibTorch into the per-user cache, unless it is on this machine already')
    .addOption(
      new Option('--variant <variant>', 'build of LibTorch; auto: cuda where there is an NVIDIA device')
        .choices(variants)
        .default('auto'),
    )
    .option('--force', 'fetch it even when it is there', false)
    .option('--verbose', 'log what is done, and show stacks of errors', false)
    .action(setup);
}

async function setup({ variant, force, verbose }: SetupFlags): Promise<void> {
  const display = progressDisplay();
  logToStderr(display, verbose);
  try {
    await interruptible(async (signal) => {
      const options: SetupOptions = { variant, force, signal, onProgress: display.listener };
      const { version, directory, cuda } = await setupLibtorch(options);
      display.stop();
      process.stdout.write(`LibTorch ${version} (${cuda ? 'CUDA' : 'CPU'}) is in ${directory}\n`);
    });
  } finally {
    display.stop();
  }
}

import { type Command, Option } from 'commander';
import { type SetupOptions, setupLibtorch } from '../../libtorch/fetch';
import { type Variant, variants } from '../../libtorch/sources';
import { addCommonOptions, type CommonFlags } from '../options/common-options';
import { interruptible } from '../runtime/exit';
import { logToStderr } from '../runtime/logging';
import { progressDisplay } from '../runtime/progress';

interface SetupFlags extends CommonFlags {
  variant: Variant;
  force: boolean;
}

export function registerSetup(program: Command): void {
  const command = program
    .command('setup')
    .description('download LibTorch to the per-user cache, unless it is already on this machine')
    .addOption(
      new Option('--variant <variant>', 'build of LibTorch; auto selects cuda if there is an NVIDIA device')
        .choices(variants)
        .default('auto'),
    )
    .option('--force', 'download it even if it exists', false);
  addCommonOptions(command, {}).action(setup);
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

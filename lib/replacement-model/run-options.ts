import { callOptions, promptOptions } from '../call-options';
import { activationSettings, passSettings } from '../engine/settings';
import { defineOptions, type OptionsOf, pickOptions } from '../options';

export const runOptions = defineOptions({ ...promptOptions, ...callOptions });

export interface RunOptions extends OptionsOf<typeof runOptions> {}

export const activationOptions = defineOptions({
  ...activationSettings,
  ...pickOptions(passSettings, 'sparse'),
  ...runOptions,
});

export interface ActivationOptions extends OptionsOf<typeof activationOptions> {}

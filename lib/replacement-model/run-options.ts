import { callOptions, promptOptions } from '../call-options';
import { activationSettings, passSettings } from '../engine/settings';
import { type OptionsOf, pickOptions } from '../options';

export const runOptions: typeof promptOptions & typeof callOptions = { ...promptOptions, ...callOptions };

export interface RunOptions extends OptionsOf<typeof runOptions> {}

export const activationOptions: typeof activationSettings & Pick<typeof passSettings, 'sparse'> & typeof runOptions = {
  ...activationSettings,
  ...pickOptions(passSettings, 'sparse'),
  ...runOptions,
};

export interface ActivationOptions extends OptionsOf<typeof activationOptions> {}

import { resolve } from 'node:path';
import { absolutePath } from './io/absolute-path';

/** The small trained model that ships with the package: beside the sources and beside `dist`. */
const folder = resolve(__dirname, '..', 'lib', 'demo');

const bundledModels: Readonly<Record<string, string>> = { demo: 'model' };

const bundledTranscoders: Readonly<Record<string, string>> = {
  demo: 'transcoders',
  'demo-cross-layer': 'cross-layer-transcoders',
};

/** @returns the folder of a bundled model for `demo`; any other text as an absolute path. */
export function modelFolder(name: string): string {
  return bundled(name, bundledModels);
}

/** @returns the folder of bundled transcoders for `demo` and `demo-cross-layer`; any other text as an absolute path. */
export function transcoderFolder(name: string): string {
  return bundled(name, bundledTranscoders);
}

/** Is it the name of a bundled model? A folder of that name is written `./demo`. */
export function isBundledModel(name: string): boolean {
  return Object.hasOwn(bundledModels, name);
}

/** Is it the name of bundled transcoders? Graphs made with them have it as their scan. */
export function isBundledTranscoders(name: string): boolean {
  return Object.hasOwn(bundledTranscoders, name);
}

function bundled(name: string, known: Readonly<Record<string, string>>): string {
  const part = Object.hasOwn(known, name) ? known[name] : undefined;
  return part === undefined ? absolutePath(name) : absolutePath(folder, part);
}

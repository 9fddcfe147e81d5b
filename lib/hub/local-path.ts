import { isAbsolute } from 'node:path';
import { isFolder } from '../io/files';
import { expandHome } from './settings';

/**
 * The absolute path of a local reference. `./x`, `../x`, `~/x` and absolute paths are always local; any other text is
 * local if a folder of that name exists.
 */
export async function localPath(text: string): Promise<string | undefined> {
  const path = expandHome(text);
  const plainly = isAbsolute(text) || /^(?:\.{1,2}|~)(?:[/\\]|$)/.test(text);
  return plainly || (await isFolder(path)) ? path : undefined;
}

import { isAbsolute } from 'node:path';
import { isFolder } from '../io/files';
import { expandHome } from './settings';

/**
 * The absolute path of what a text names on this machine: `./x`, `../x`, `~/x` and absolute paths whether there is
 * anything or not, other texts if there is such a folder.
 */
export async function localPath(text: string): Promise<string | undefined> {
  const path = expandHome(text);
  const plainly = isAbsolute(text) || /^(?:\.{1,2}|~)(?:[/\\]|$)/.test(text);
  return plainly || (await isFolder(path)) ? path : undefined;
}

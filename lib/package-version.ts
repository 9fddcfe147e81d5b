import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of this package, as its package.json has it. */
export const packageVersion: string = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')).version;

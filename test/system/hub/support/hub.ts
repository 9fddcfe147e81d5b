import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { FakeHub } from '../../../support/fake-hub';
import { temporaryFolder } from '../../../support/temporary-folder';

export interface HubHome {
  hub: FakeHub;
  /** `HF_HOME` */
  home: string;
  cacheDir: string;
}

/** A hub and an empty cache for each test, where the environment says they are. */
export function useFakeHub(): HubHome {
  const environment = { ...process.env };
  const current = {} as HubHome;
  beforeEach(async () => {
    const home = temporaryFolder();
    const hub = await FakeHub.start();
    Object.assign(current, { hub, home, cacheDir: path.join(home, 'hub') });
    for (const name of Object.keys(process.env)) if (/^(HF_|HUGGING)/.test(name)) delete process.env[name];
    Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_HOME: home });
  });
  afterEach(async () => {
    await current.hub.stop();
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
  });
  return current;
}

/** Every file below a folder: what a link points to, or what a file holds. */
export function contentsOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true }).map(String).sort();
  const entries = paths.flatMap((name) => {
    const file = path.join(folder, name);
    const status = lstatSync(file);
    if (status.isDirectory()) return [];
    return [[name, status.isSymbolicLink() ? `-> ${readlinkSync(file)}` : readFileSync(file).toString('latin1')]];
  });
  return Object.fromEntries(entries);
}

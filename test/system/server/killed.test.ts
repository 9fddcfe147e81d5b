import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cliScript } from '../../support/child';
import { graphsFolder, graphText, json } from './support/server';

/** Large enough for its writing to take a while. */
function largeGraph(): string {
  const { nodes, ...rest } = JSON.parse(graphText);
  return JSON.stringify({ ...rest, nodes: Array.from({ length: 60 }, () => nodes).flat() });
}

function startServer(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [cliScript, 'start-server', '--graph-file-dir', folder, '--port', '0']);
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const [url] = /http:\S+/.exec(text) ?? [];
      if (url) resolve({ child, url });
    });
    child.on('error', reject);
    child.on('close', () => reject(new Error(`the server ended: ${text}`)));
  });
}

/** Save one view after the other until the server is gone. */
async function saveOn(url: string, name: string): Promise<number> {
  for (let i = 0; ; i++) {
    try {
      await fetch(`${url}api/graphs/salt/view`, json({ qParams: { name, i, filler: 'x'.repeat(100_000) } }));
    } catch {
      return i;
    }
  }
}

test.each([40, 80, 120, 160, 200, 240])(
  'killed after %s ms of saves, a server leaves a whole file',
  async (milliseconds) => {
    const folder = graphsFolder();
    const file = path.join(folder, 'salt.json');
    writeFileSync(file, largeGraph());
    const { qParams: _, ...expected } = JSON.parse(readFileSync(file, 'utf8'));
    const { child, url } = await startServer(folder);
    const saving = ['a', 'b', 'c'].map((name) => saveOn(url, name));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    child.kill('SIGKILL');
    await Promise.all(saving);
    for (const whole of [file, `${file}.bak`].filter((name) => existsSync(name))) {
      const { qParams, ...rest } = JSON.parse(readFileSync(whole, 'utf8'));
      expect(rest).toEqual(expected);
      expect(qParams.filler?.length ?? 100_000).toBe(100_000);
    }
    const others = readdirSync(folder).filter((name) => !/^salt\.json(\.bak)?$/.test(name));
    expect(others.every((name) => /^\.salt\.json.*\.tmp$/.test(name))).toBe(true);
  },
);

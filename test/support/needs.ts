const { absent } = require('../../scripts/test-needs') as { absent: () => string[] };

/** What a test may need beyond Node: `scripts/test-needs.js` looks for each, and says how to get it. */
export type Need = 'chromium' | 'mkfifo' | 'openssl' | 'prlimit';

export const isThere = (need: Need): boolean => !absent().includes(need);

/** `test`, or where the need is absent `test.skip`. */
export const testIf = (need: Need): jest.It => (isThere(need) ? test : test.skip);

/** `describe`, or where the need is absent `describe.skip`. */
export const describeIf = (need: Need): jest.Describe => (isThere(need) ? describe : describe.skip);

/** Skip all tests that the file declares after this call, and their hooks, where the need is absent. */
export function wholeFileNeeds(need: Need): void {
  if (!isThere(need)) Object.assign(globalThis, { test: test.skip, it: it.skip });
}

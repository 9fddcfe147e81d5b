import type { Graph } from '../../lib';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength);

/** Fails unless two graphs hold the same, numbers to the last bit. Jest alone takes seconds for so many numbers. */
export function expectSameGraph(found: Graph, expected: Graph): void {
  const [rest, expectedRest] = [{ ...found } as Record<string, unknown>, { ...expected } as Record<string, unknown>];
  for (const [name, value] of Object.entries(expectedRest)) {
    const other = rest[name];
    if (!ArrayBuffer.isView(value) || !ArrayBuffer.isView(other)) continue;
    if (value.constructor.name !== other.constructor.name || !bytesOf(other).equals(bytesOf(value)))
      throw new Error(`${name}: the numbers are not the same`);
    delete rest[name];
    delete expectedRest[name];
  }
  expect(rest).toEqual(expectedRest);
}

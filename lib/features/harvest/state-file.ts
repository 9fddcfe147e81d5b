import { readFile } from 'node:fs/promises';
import { CircuitTracerError } from '../../errors';
import { fileExists, isObject, readError, writeFileAtomically } from '../../io/files';
import type { Place } from './place-heap';
import { Tallies, type TallySizes } from './tally';

/** What has been gathered, and from which line to go on. */
export interface HarvestState {
  readonly tallies: Tallies;
  readonly nextLine: number;
  /** Nothing more to gather. */
  readonly complete: boolean;
}

const magic = 'circuit-tracer harvest 1\n';
/** Of a place in the file: value, line, position, token as 32 bits, the document as a double. */
const placeBytes = 24;
/** Of a feature: layer, feature, two counts of places as 32 bits; count, max, min as doubles. */
const featureBytes = 40;

/**
 * Write the state: a line of what it belongs to, a line of JSON, then features and their places.
 *
 * @param identity what must be the same for a later harvest to go on from here
 */
export async function saveState(path: string, identity: string, state: HarvestState): Promise<void> {
  const { tallies, nextLine, complete } = state;
  const features = [...tallies.entries()];
  const head = { identity, nextLine, complete, tokens: tallies.tokens, features: features.length };
  await writeFileAtomically(path, async (handle) => {
    await handle.appendFile(`${magic}${JSON.stringify(head)}\n`);
    for (const [layer, feature, { count, max, min, top, sample }] of features) {
      const places = [...top.places(), ...sample.places()];
      const bytes = Buffer.alloc(featureBytes + places.length * placeBytes);
      for (const [i, value] of [layer, feature, top.size, sample.size].entries()) bytes.writeUInt32LE(value, 4 * i);
      for (const [i, value] of [count, max, min].entries()) bytes.writeDoubleLE(value, 16 + 8 * i);
      for (const [i, place] of places.entries()) writePlace(bytes, featureBytes + i * placeBytes, place);
      await handle.appendFile(bytes);
    }
  });
}

function writePlace(bytes: Buffer, at: number, { value, line, position, token, document }: Place): void {
  bytes.writeFloatLE(value, at);
  for (const [i, number] of [line, position, token].entries()) bytes.writeUInt32LE(number, at + 4 + 4 * i);
  bytes.writeDoubleLE(document, at + 16);
}

function readPlace(bytes: Buffer, at: number): Place {
  return {
    value: bytes.readFloatLE(at),
    line: bytes.readUInt32LE(at + 4),
    position: bytes.readUInt32LE(at + 8),
    token: bytes.readUInt32LE(at + 12),
    document: bytes.readDoubleLE(at + 16),
  };
}

/**
 * The state an earlier harvest left; undefined when there is none.
 *
 * @throws CircuitTracerError `ERR_FILE_FORMAT` for one of another harvest, or a broken one.
 */
export async function loadState(path: string, identity: string, sizes: TallySizes): Promise<HarvestState | undefined> {
  if (!(await fileExists(path))) return undefined;
  const bytes = await readFile(path).catch((error) => {
    throw readError(path, error);
  });
  const headEnd = bytes.indexOf(10, magic.length);
  const head = headEnd < 0 ? undefined : parsed(bytes.toString('utf8', magic.length, headEnd));
  if (bytes.toString('latin1', 0, magic.length) !== magic || !head) throw unusable(path, 'it is damaged');
  if (head.identity !== identity)
    throw unusable(path, 'it is of another harvest: another text, model or other options');
  const tallies = new Tallies(sizes);
  tallies.tokens = Number(head.tokens);
  try {
    readFeatures(bytes, headEnd + 1, Number(head.features), tallies);
  } catch {
    throw unusable(path, 'it is cut short');
  }
  return { tallies, nextLine: Number(head.nextLine), complete: head.complete === true };
}

function readFeatures(bytes: Buffer, start: number, count: number, tallies: Tallies): void {
  let at = start;
  for (let i = 0; i < count; i++) {
    const [layer = 0, feature = 0, top = 0, sample = 0] = [0, 4, 8, 12].map((offset) =>
      bytes.readUInt32LE(at + offset),
    );
    const tally = tallies.of(layer, feature);
    [tally.count, tally.max, tally.min] = [16, 24, 32].map((offset) => bytes.readDoubleLE(at + offset)) as [
      number,
      number,
      number,
    ];
    at += featureBytes;
    for (let p = 0; p < top + sample; p++, at += placeBytes) {
      (p < top ? tally.top : tally.sample).add(readPlace(bytes, at));
    }
  }
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unusable(path: string, problem: string): CircuitTracerError {
  return new CircuitTracerError(
    'ERR_FILE_FORMAT',
    `${path} is what an interrupted harvest left, and ${problem}. Delete it, or harvest into another folder.`,
  );
}

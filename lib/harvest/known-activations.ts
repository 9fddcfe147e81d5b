import type { ReplacementModel } from '../replacement-model/replacement-model';

/** An activation with its layer, row and feature. */
export type KnownActivation = readonly [layer: number, row: number, feature: number, value: number];

const rows = 16;
const kept = 64;
/** The relative tolerance. Threads and 8-bit precisions change an activation by less, other weights by more. */
const tolerance = 0.05;

/**
 * The strongest activations on a fixed sequence of tokens, which distinguish a model and transcoders from others of the
 * same name and shape.
 *
 * @throws CircuitTracerError `ERR_NUMERIC`, `ERR_FILE_CHANGED`, `ERR_DISPOSED` or `ABORT_ERR`.
 */
export async function knownActivations(model: ReplacementModel, signal?: AbortSignal): Promise<KnownActivation[]> {
  const { dVocab, maxPositions } = model.spec;
  const tokens = Int32Array.from({ length: Math.min(rows, maxPositions) }, (_, i) => (i * 7919 + 11) % dVocab);
  const { indices, values } = await model.documentActivations(tokens, Int32Array.of(tokens.length), 1, signal);
  const order = Array.from(values, (_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
  return order
    .slice(0, kept)
    .map((i) => [indices[3 * i] ?? 0, indices[3 * i + 1] ?? 0, indices[3 * i + 2] ?? 0, values[i] ?? 0] as const);
}

/**
 * Whether two lists may come from the same weights. The weakest activations may have been replaced by others that were
 * not kept.
 */
export function areAlike(found: unknown, expected: readonly KnownActivation[]): boolean {
  if (!Array.isArray(found) || found.length !== expected.length) return false;
  const values = new Map(expected.map(([layer, row, feature, value]) => [`${layer}:${row}:${feature}`, value]));
  const weakest = expected.at(-1)?.[3] ?? 0;
  const strongest = Math.abs(expected[0]?.[3] ?? 0);
  return found.every((entry: unknown) => {
    const [layer, row, feature, value] = Array.isArray(entry) ? entry : [];
    const other = values.get(`${layer}:${row}:${feature}`) ?? weakest;
    return typeof value === 'number' && Math.abs(value - other) <= tolerance * strongest;
  });
}

import { types } from 'node:util';
import { CircuitTracerError } from '../errors';
import { largestArray } from '../memory-limits';
import { describe } from '../validate';

/** Row-major numbers in one array; or blocks of whole rows in order, each but the last of as many rows. */
export type EdgeBlocks = Float32Array | readonly Float32Array[];

/** Direct effects, [rows, columns], read a row at a time. One array holds at most 4 GiB, so they may lie in several. */
export class EdgeRows {
  readonly blocks: readonly Float32Array[];
  readonly columns: number;
  readonly #rowsPerBlock: number;

  /** @param edges as {@link edgesProblem} finds nothing wrong with */
  constructor(edges: EdgeBlocks, columns: number) {
    this.blocks = blocksOf(edges);
    this.columns = columns;
    this.#rowsPerBlock = Math.max(1, (this.blocks[0]?.length ?? 0) / columns);
  }

  /** [columns], shared with the whole. */
  row(row: number): Float32Array {
    const start = (row % this.#rowsPerBlock) * this.columns;
    return this.#blockOf(row).subarray(start, start + this.columns);
  }

  at(row: number, column: number): number {
    return this.#blockOf(row)[(row % this.#rowsPerBlock) * this.columns + column] as number;
  }

  /** Copy numbers in, from place `at` of the row-major whole. */
  set(values: Float32Array, at: number): void {
    const blockLength = this.#rowsPerBlock * this.columns;
    for (let done = 0; done < values.length; ) {
      const block = this.blocks[Math.floor((at + done) / blockLength)] as Float32Array;
      const start = (at + done) % blockLength;
      const count = Math.min(values.length - done, block.length - start);
      block.set(values.subarray(done, done + count), start);
      done += count;
    }
  }

  #blockOf(row: number): Float32Array {
    return this.blocks[Math.floor(row / this.#rowsPerBlock)] as Float32Array;
  }
}

/** The blocks of edges, in order. */
export function blocksOf(edges: EdgeBlocks): readonly Float32Array[] {
  return types.isFloat32Array(edges) ? [edges] : (edges as readonly Float32Array[]);
}

/**
 * How many rows each block of [rows, columns] float32 numbers has.
 *
 * @param largest bytes of a block
 */
export function blockRows(rows: number, columns: number, largest = largestArray): number[] {
  const each = Math.max(1, Math.floor(largest / (4 * columns)));
  return Array.from({ length: Math.ceil(rows / each) }, (_, block) => Math.min(each, rows - block * each));
}

/** What is wrong with the edges of a graph, in one sentence; undefined when they are [rows, columns]. */
export function edgesProblem(edges: unknown, rows: number, columns: number): string | undefined {
  const blocks = Array.isArray(edges) ? (edges as unknown[]) : [edges];
  if (!blocks.every(types.isFloat32Array)) {
    return `edges must be a Float32Array, or a list of them; found ${describe(edges)}.`;
  }
  const found = blocks.reduce((sum, { length }) => sum + length, 0);
  if (found !== rows * columns) {
    return `edges must hold ${rows} x ${columns} = ${rows * columns} numbers; found ${found}.`;
  }
  const [first] = blocks;
  const even = blocks.every(({ length }, i) => (i < blocks.length - 1 ? length === first?.length : length > 0));
  if (even && blocks.every(({ length }) => length % columns === 0 && length <= (first?.length ?? 0))) return undefined;
  return `edges in several arrays must be whole rows of ${columns} numbers, each array but the last of as many.`;
}

/** The edges in one array; a getter that says what to do where they lie in several. */
export function edgesProperty({ blocks, columns }: EdgeRows): PropertyDescriptor {
  if (blocks.length === 1) return { value: blocks[0], enumerable: true };
  const rows = blocks.reduce((sum, { length }) => sum + length, 0) / columns;
  const get = () => {
    throw new CircuitTracerError(
      'ERR_OUT_OF_MEMORY',
      `The graph's edges, [${rows}, ${columns}], are more than one array holds: read graph.row(target) or ` +
        'graph.weight(target, source), or prune the graph.',
    );
  };
  return { get, enumerable: false };
}

import { types } from 'node:util';
import { CircuitTracerError } from '../errors';
import { largestArray } from '../memory-limits';
import { describe } from '../validate';

/**
 * Row-major numbers in one array, or consecutive blocks of whole rows. All blocks but the last have the same number of
 * rows.
 */
export type EdgeBlocks = Float32Array | readonly Float32Array[];

/** Direct effects, [rows, columns], read one row at a time. One array holds at most 4 GiB, so there may be several. */
export class EdgeRows {
  readonly blocks: readonly Float32Array[];
  readonly columns: number;
  readonly #rowsPerBlock: number;

  /** @param edges checked by {@link edgesProblem} */
  constructor(edges: EdgeBlocks, columns: number) {
    this.blocks = blocksOf(edges);
    this.columns = columns;
    this.#rowsPerBlock = Math.max(1, (this.blocks[0]?.length ?? 0) / columns);
  }

  /** [columns], sharing memory with the edges. */
  row(row: number): Float32Array {
    const start = (row % this.#rowsPerBlock) * this.columns;
    return this.#blockOf(row).subarray(start, start + this.columns);
  }

  at(row: number, column: number): number {
    return this.#blockOf(row)[(row % this.#rowsPerBlock) * this.columns + column] as number;
  }

  /** Copy numbers into the row-major matrix, from index `at` on. */
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
 * The number of rows in each block of [rows, columns] float32 numbers.
 *
 * @param largest the maximum size of a block in bytes
 */
export function blockRows(rows: number, columns: number, largest = largestArray): number[] {
  const each = Math.max(1, Math.floor(largest / (4 * columns)));
  return Array.from({ length: Math.ceil(rows / each) }, (_, block) => Math.min(each, rows - block * each));
}

/** The problem with the edges of a graph, as a sentence. Undefined when they are [rows, columns]. */
export function edgesProblem(edges: unknown, rows: number, columns: number): string | undefined {
  const blocks = Array.isArray(edges) ? (edges as unknown[]) : [edges];
  if (!blocks.every(types.isFloat32Array)) {
    return `edges must be a Float32Array or a list of them; found ${describe(edges)}.`;
  }
  const found = blocks.reduce((sum, { length }) => sum + length, 0);
  if (found !== rows * columns) {
    return `edges must hold ${rows} x ${columns} = ${rows * columns} numbers; found ${found}.`;
  }
  const [first] = blocks;
  const even = blocks.every(({ length }, i) => (i < blocks.length - 1 ? length === first?.length : length > 0));
  if (even && blocks.every(({ length }) => length % columns === 0 && length <= (first?.length ?? 0))) return undefined;
  return `edges in several arrays must be whole rows of ${columns} numbers, with the same number of rows in all arrays but the last.`;
}

/** The edges in one array. If they are in several, reading the property throws an error that says what to do. */
export function edgesProperty({ blocks, columns }: EdgeRows): PropertyDescriptor {
  if (blocks.length === 1) return { value: blocks[0], enumerable: true };
  const rows = blocks.reduce((sum, { length }) => sum + length, 0) / columns;
  const get = () => {
    throw new CircuitTracerError(
      'ERR_OUT_OF_MEMORY',
      `The graph's edges, [${rows}, ${columns}], do not fit in one array. Use graph.row(target) or ` +
        'graph.weight(target, source), or prune the graph.',
    );
  };
  return { get, enumerable: false };
}

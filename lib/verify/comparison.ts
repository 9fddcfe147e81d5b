import { median } from './statistics';

/** A predicted change and the measured one. */
export interface Comparison {
  /** The changed node, by index and label. */
  readonly source: number;
  readonly sourceLabel: string;
  /** The affected node. */
  readonly target: number;
  readonly targetLabel: string;
  readonly predicted: number;
  readonly measured: number;
  /** |measured - predicted| */
  readonly error: number;
}

export interface ErrorStatistics {
  readonly comparisons: number;
  readonly maxAbsoluteError: number;
  readonly medianAbsoluteError: number;
  /** The share of comparisons whose error is at most `allowedError`; 1 when there are none. */
  readonly shareWithinTolerance: number;
  /** The tolerance times the largest predicted magnitude. */
  readonly allowedError: number;
  /** The largest errors, worst first. */
  readonly worst: readonly Comparison[];
}

const worstKept = 8;

/** Collects comparisons: four bytes for each, and the worst in full. */
export class Comparisons {
  readonly #label: (node: number) => string;
  #errors: Float32Array;
  #count = 0;
  #worst: Omit<Comparison, 'sourceLabel' | 'targetLabel'>[] = [];

  constructor(capacity: number, label: (node: number) => string) {
    this.#errors = new Float32Array(capacity);
    this.#label = label;
  }

  /** @returns the error; infinite for NaN */
  add(source: number, target: number, predicted: number, measured: number): number {
    const difference = Math.abs(measured - predicted);
    const error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    this.#errors[this.#count++] = error;
    const least = this.#worst[worstKept - 1];
    if (!least || error > least.error) {
      this.#worst.push({ source, target, predicted, measured, error });
      this.#worst.sort((a, b) => b.error - a.error);
      this.#worst.length = Math.min(this.#worst.length, worstKept);
    }
    return error;
  }

  statistics(allowedError: number): ErrorStatistics {
    const errors = this.#errors.subarray(0, this.#count);
    const within = errors.reduce((count, error) => (error <= allowedError ? count + 1 : count), 0);
    return {
      comparisons: this.#count,
      maxAbsoluteError: errors.reduce((max, error) => Math.max(max, error), 0),
      medianAbsoluteError: median(errors),
      shareWithinTolerance: this.#count === 0 ? 1 : within / this.#count,
      allowedError,
      worst: this.#worst.map((item) => ({
        ...item,
        sourceLabel: this.#label(item.source),
        targetLabel: this.#label(item.target),
      })),
    };
  }
}

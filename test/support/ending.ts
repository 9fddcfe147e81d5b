/**
 * How long a process took to get somewhere, and from there to its end. A slow machine slows both down, so that their ratio
 * tells a process that ends at once from one that waits for a long job.
 */
export class Ending {
  readonly #started = performance.now();
  #reached: number | undefined;

  /** Counts once. */
  reach(): void {
    this.#reached ??= performance.now();
  }

  get reached(): boolean {
    return this.#reached !== undefined;
  }

  /** The process has ended: sooner than it took to get there. */
  expectAtOnce(): void {
    const reached = this.#reached ?? Number.NaN;
    expect(performance.now() - reached).toBeLessThan(reached - this.#started);
  }
}

import type { ProgressListener } from '../../lib';
import type { Progress } from '../../lib/types';

/** Keeps what a listener is told, and checks it against what listeners are promised. */
export class ProgressLog {
  readonly events: Progress[] = [];
  readonly listener: ProgressListener = (progress) => {
    this.events.push(progress);
  };

  /** Names of the phases in order; one that came again begins anew. */
  get phases(): string[] {
    return this.#runs().map(([first]) => (first as Progress).phase);
  }

  /** Every phase begins at 0, never falls, and ends at its total. */
  expectWhole(): void {
    expect(this.events.length).toBeGreaterThan(0);
    for (const run of this.#runs()) {
      const first = run[0] as Progress;
      const last = run.at(-1) as Progress;
      expect({ phase: first.phase, begins: first.done }).toEqual({ phase: first.phase, begins: 0 });
      expect({ phase: last.phase, done: last.done }).toEqual({ phase: last.phase, done: last.total });
      const done = run.map((event) => event.done);
      expect(done).toEqual([...done].sort((a, b) => a - b));
    }
  }

  #runs(): Progress[][] {
    const runs: Progress[][] = [];
    for (const event of this.events) {
      const run = runs.at(-1);
      const before = run?.at(-1);
      if (run && before?.phase === event.phase && event.done >= before.done) run.push(event);
      else runs.push([event]);
    }
    return runs;
  }
}

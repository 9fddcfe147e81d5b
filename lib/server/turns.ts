/** Lets tasks of one name run one after the other, in the order they were given. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Settles as `task` does. */
  async run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(name) ?? Promise.resolve()).then(task, task);
    this.#last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    }
  }
}

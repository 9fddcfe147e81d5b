/** A value with its past and future values for undo and redo. Immutable. */
export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** The kind of the last step. Consecutive steps of one kind, such as those of a slider, are undone together. */
  readonly kind: string;
}

const maxSteps = 200;

export function historyOf<T>(present: T): History<T> {
  return { past: [], present, future: [], kind: '' };
}

/** @param kind '' for a step that is undone on its own. */
export function change<T>(history: History<T>, present: T, kind = ''): History<T> {
  if (present === history.present) return history;
  if (kind !== '' && kind === history.kind) return { ...history, present, future: [] };
  return { past: [...history.past, history.present].slice(-maxSteps), present, future: [], kind };
}

/** Apply a change without an undo step, such as a selection. */
export function replace<T>(history: History<T>, present: T): History<T> {
  return { ...history, present };
}

export function undo<T>(history: History<T>): History<T> {
  const previous = history.past.at(-1);
  if (previous === undefined) return history;
  const future = [history.present, ...history.future];
  return { past: history.past.slice(0, -1), present: previous, future, kind: '' };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, kind: '' };
}

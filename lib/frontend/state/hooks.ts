import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { Signal } from './signal';
import { getState, onState, type State } from './store';

/** A part of the state. The component is rendered again when it changes. */
export function useStore<T>(select: (state: State) => T): T {
  return useWatched(onState, () => select(getState()));
}

/** The value of a signal. The component is rendered again when it changes. */
export function useSignal<T>(signal: Signal<T>): T {
  return useWatched(
    (listener) => signal.subscribe(listener),
    () => signal.value,
  );
}

function useWatched<T>(subscribe: (listener: () => void) => () => void, read: () => T): T {
  const [, draw] = useReducer<number, void>((count) => count + 1, 0);
  const value = read();
  const latest = useRef({ read, value });
  latest.current = { read, value };
  useEffect(() => {
    const check = () => {
      if (!Object.is(latest.current.read(), latest.current.value)) draw();
    };
    check();
    return subscribe(check);
  }, []);
  return value;
}

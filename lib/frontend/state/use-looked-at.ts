import { useSignal } from './hooks';
import { Signal } from './signal';
import { hovered } from './store';

const pause = 120;

/** The node the pointer rests on, once it rests; -1 for none. */
const rested = new Signal(-1);

let timer: ReturnType<typeof setTimeout> | undefined;

hovered.subscribe(() => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    // What is being typed belongs to the node on show.
    if (!document.activeElement?.matches('#label')) rested.set(hovered.value);
  }, pause);
});

export function useRestedOn(): number {
  return useSignal(rested);
}

/** Show the selection again, wherever the pointer is. */
export function lookAtSelection(): void {
  clearTimeout(timer);
  hovered.set(-1);
  clearTimeout(timer);
  rested.set(-1);
}

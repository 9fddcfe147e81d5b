import { useSignal } from './hooks';
import { Signal } from './signal';
import { hovered } from './store';

const pause = 120;

/** The node that the pointer rests on. -1 for none. */
const rested = new Signal(-1);

let timer: ReturnType<typeof setTimeout> | undefined;

hovered.subscribe(() => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    // Typed text belongs to the node that is shown.
    if (!document.activeElement?.matches('#label')) rested.set(hovered.value);
  }, pause);
});

export function useRestedOn(): number {
  return useSignal(rested);
}

/** Show the selection again, regardless of the pointer. */
export function lookAtSelection(): void {
  clearTimeout(timer);
  hovered.set(-1);
  clearTimeout(timer);
  rested.set(-1);
}

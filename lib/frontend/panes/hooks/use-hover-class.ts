import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { hovered } from '../../state/store';

const mark = 'is-hovered';

/** Marks the elements of the node under the pointer (`data-nodes`) without rendering a component again. */
export function useHoverClass(root: RefObject<Element | null>): void {
  useEffect(
    () =>
      hovered.subscribe(() => {
        for (const element of root.current?.querySelectorAll(`.${mark}`) ?? []) element.classList.remove(mark);
        if (hovered.value < 0) return;
        const stands = `[data-nodes~="${hovered.value}"]`;
        for (const element of root.current?.querySelectorAll(stands) ?? []) element.classList.add(mark);
      }),
    [root],
  );
}

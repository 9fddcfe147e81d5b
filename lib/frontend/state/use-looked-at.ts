import { useEffect, useState } from 'preact/hooks';
import { hovered } from './store';

const pause = 120;

/** The node the pointer rests on, once it rests; -1 for none. */
export function useRestedOn(): number {
  const [node, setNode] = useState(-1);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = hovered.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(() => setNode(hovered.value), pause);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, []);
  return node;
}

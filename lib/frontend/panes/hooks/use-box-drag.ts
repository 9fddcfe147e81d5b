import { useRef } from 'preact/hooks';
import type { Point } from '../../core/view/view';

interface BoxDrag {
  readonly place: Point;
  readonly toUnits: (event: PointerEvent) => Point;
  readonly onDrag: (point: Point) => void;
  /** null if the drag was cancelled. */
  readonly onDrop: (point: Point | null) => void;
  readonly onClick: (event: PointerEvent) => void;
}

const dragStart = 3;

/** Handlers of a box that can be clicked and dragged. */
export function useBoxDrag({ place: [x, y], toUnits, onDrag, onDrop, onClick }: BoxDrag) {
  const drag = useRef<{ offset: Point; moved: boolean; x: number; y: number } | null>(null);
  const pointOf = (event: PointerEvent, [dx, dy]: Point): Point => {
    const [ux, uy] = toUnits(event);
    return [ux + dx, uy + dy];
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      const [ux, uy] = toUnits(event);
      drag.current = { offset: [x - ux, y - uy], moved: false, x: event.clientX, y: event.clientY };
    },
    onPointerMove: (event: PointerEvent) => {
      const { current } = drag;
      if (!current) return;
      current.moved ||= Math.hypot(event.clientX - current.x, event.clientY - current.y) > dragStart;
      if (current.moved) onDrag(pointOf(event, current.offset));
    },
    onPointerUp: (event: PointerEvent) => {
      const { current } = drag;
      drag.current = null;
      if (current?.moved) onDrop(pointOf(event, current.offset));
      else if (current) onClick(event);
    },
    onPointerCancel: () => {
      drag.current = null;
      onDrop(null);
    },
  };
}

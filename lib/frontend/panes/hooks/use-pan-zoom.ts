import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Point } from '../../core/view/view';
import { boxSize } from '../../draw/subgraph-shapes';

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const room = 24;
/** The maximum zoom at which a few boxes fill the pane. */
const maxFitZoom = 620;
const minHeight = 260;

/** The visible part of the drawing: all of it until it is panned or zoomed. */
export function usePanZoom(svg: RefObject<SVGSVGElement | null>, places: readonly Point[]) {
  const [frame, setFrame] = useState<Frame | null>(null);
  const drag = useRef<{ x: number; y: number; frame: Frame } | null>(null);
  const paneWidth = useWidth(svg);
  const whole = useMemo(() => frameOf(places, Math.min(maxFitZoom, paneWidth)), [places, paneWidth]);
  const seen = frame ?? whole;
  // Dragged boxes do not move the background. New boxes make everything visible again.
  useEffect(() => setFrame(null), [places.length]);
  const scale = () => {
    const box = svg.current?.getBoundingClientRect();
    return box ? Math.max(seen.width / box.width, seen.height / box.height) : 1;
  };
  const toUnits = ({ clientX, clientY }: MouseEvent): Point => {
    const box = svg.current?.getBoundingClientRect() ?? new DOMRect();
    const units = scale();
    const middleX = seen.x + seen.width / 2;
    const middleY = seen.y + seen.height / 2;
    return [
      middleX + (clientX - box.left - box.width / 2) * units,
      middleY + (clientY - box.top - box.height / 2) * units,
    ];
  };
  const zoomBy = (factor: number, [x, y]: Point = [seen.x + seen.width / 2, seen.y + seen.height / 2]) =>
    setFrame({
      x: x - (x - seen.x) / factor,
      y: y - (y - seen.y) / factor,
      width: seen.width / factor,
      height: seen.height / factor,
    });
  const endDrag = () => {
    drag.current = null;
  };
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      svg.current?.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, y: event.clientY, frame: seen };
    },
    onPointerMove: (event: PointerEvent) => {
      if (!drag.current) return;
      const units = scale();
      const { frame: start, x, y } = drag.current;
      setFrame({ ...start, x: start.x - (event.clientX - x) * units, y: start.y - (event.clientY - y) * units });
    },
    onPointerUp: endDrag,
    onPointerCancel: endDrag,
    onWheel: (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / 300), toUnits(event));
    },
  };
  const viewBox = `${seen.x} ${seen.y} ${seen.width} ${seen.height}`;
  return { viewBox, handlers, toUnits, zoomBy, fit: () => setFrame(null) };
}

function useWidth(svg: RefObject<SVGSVGElement | null>): number {
  const [width, setWidth] = useState(maxFitZoom);
  useEffect(() => {
    const { current } = svg;
    if (!current) return;
    const observer = new ResizeObserver(() => setWidth(current.clientWidth || maxFitZoom));
    observer.observe(current);
    return () => observer.disconnect();
  }, [svg]);
  return width;
}

function frameOf(places: readonly Point[], minWidth: number): Frame {
  const xs = places.map(([x]) => x);
  const ys = places.map(([, y]) => y);
  const width = Math.max(minWidth, Math.max(...xs) - Math.min(...xs) + boxSize.width + 2 * room);
  const height = Math.max(minHeight, Math.max(...ys) - Math.min(...ys) + boxSize.height + 2 * room);
  const middleX = (Math.max(...xs) + Math.min(...xs)) / 2;
  const middleY = (Math.max(...ys) + Math.min(...ys)) / 2;
  return { x: middleX - width / 2, y: middleY - height / 2, width, height };
}

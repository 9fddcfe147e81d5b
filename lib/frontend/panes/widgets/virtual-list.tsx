import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useHoverClass } from '../hooks/use-hover-class';

/** Attributes for the button of a row, so that arrow keys find it and the Tab key stops at one row only. */
export interface RowPlace {
  readonly row: number;
  readonly tabIndex: number;
}

interface VirtualListProps {
  readonly label: string;
  readonly rows: number;
  readonly rowHeight: number;
  /** Rows that are headings, which keys skip. */
  readonly isHeading?: (row: number) => boolean;
  readonly render: (row: number, place: RowPlace) => ComponentChildren;
}

const spare = 4;
const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

/** A list of any length that only renders the visible rows. */
export function VirtualList({ label, rows, rowHeight, isHeading = () => false, render }: VirtualListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  const [active, setActive] = useState(0);
  const wanted = useRef(-1);
  useHoverClass(scroller);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (wanted.current < 0) return;
    scroller.current?.querySelector<HTMLElement>(`[data-row="${wanted.current}"]`)?.focus();
    wanted.current = -1;
  });
  const go = (event: KeyboardEvent) => {
    const row = rowOf(event.target);
    const step = steps[event.key] ?? 0;
    if (row < 0 || step === 0) return;
    event.preventDefault();
    let target = Math.min(rows - 1, Math.max(0, row + step));
    while (isHeading(target)) target += Math.sign(step);
    if (target < 0 || target >= rows) return;
    wanted.current = target;
    setActive(target);
    reveal(scroller.current, target, rowHeight);
  };
  const first = Math.max(0, Math.floor(view.top / rowHeight) - spare);
  const last = Math.min(rows, Math.ceil((view.top + view.height) / rowHeight) + spare);
  let stop = active >= first && active < last ? active : first;
  while (isHeading(stop)) stop++;
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="virtual" ref={scroller} role="group" aria-label={label} onKeyDown={go}>
      <ul style={{ height: `${rows * rowHeight}px` }}>
        {shown.map((row) => (
          <li key={row} style={{ top: `${row * rowHeight}px`, height: `${rowHeight}px` }}>
            {render(row, { row, tabIndex: row === stop ? 0 : -1 })}
          </li>
        ))}
      </ul>
    </div>
  );
}

function rowOf(target: EventTarget | null): number {
  return target instanceof HTMLElement ? Number(target.dataset.row ?? -1) : -1;
}

function reveal(scroller: HTMLElement | null, row: number, rowHeight: number): void {
  if (!scroller) return;
  const top = row * rowHeight;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  const bottom = top + rowHeight - scroller.clientHeight;
  if (bottom > scroller.scrollTop) scroller.scrollTop = bottom;
}

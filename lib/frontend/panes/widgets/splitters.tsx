import { useRef } from 'preact/hooks';

const least = 20;
const most = 80;
const step = 2;

/** Bars between the panes that can be dragged or moved with arrow keys. */
export function Splitters() {
  return (
    <>
      <Splitter axis="x" label="Width of the left panes" />
      <Splitter axis="y" label="Height of the upper panes" />
    </>
  );
}

function Splitter({ axis, label }: { axis: 'x' | 'y'; label: string }) {
  const bar = useRef<HTMLDivElement>(null);
  const percent = useRef(axis === 'x' ? 60 : 52);
  const set = (value: number) => {
    percent.current = Math.round(Math.min(most, Math.max(least, value)));
    bar.current?.parentElement?.style.setProperty(`--split-${axis}`, `${percent.current}%`);
    bar.current?.setAttribute('aria-valuenow', String(percent.current));
  };
  const drag = (event: PointerEvent) => {
    const box = bar.current?.parentElement?.getBoundingClientRect();
    if (!box || !bar.current?.hasPointerCapture(event.pointerId)) return;
    const part = axis === 'x' ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height;
    set(100 * part);
  };
  const press = ({ key }: KeyboardEvent) => {
    if (key === 'ArrowLeft' || key === 'ArrowUp') set(percent.current - step);
    if (key === 'ArrowRight' || key === 'ArrowDown') set(percent.current + step);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a bar that moves is no thematic break
    <div
      ref={bar}
      class="splitter"
      data-axis={axis}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={axis === 'x' ? 'vertical' : 'horizontal'}
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={percent.current}
      onPointerDown={(event) => bar.current?.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={press}
    />
  );
}

import { useRef, useState } from 'preact/hooks';
import { percent, shortened } from '../core/graph/format';
import type { Box, Subgraph } from '../core/view/subgraph';
import type { Point } from '../core/view/view';
import { shareOpacity } from '../draw/share-style';
import { boxSize, edgeLine, edgeWidth, labelledEdges, labelPlaces, minEdgeShare } from '../draw/subgraph-shapes';
import { moveBox, toggleMark, togglePin, toggleSelection } from '../state/edit';
import { useStore } from '../state/hooks';
import { hovered } from '../state/store';
import { useBoxDrag } from './hooks/use-box-drag';
import { useHoverClass } from './hooks/use-hover-class';
import { usePanZoom } from './hooks/use-pan-zoom';
import { Glyph } from './widgets/glyph';
import { Icon } from './widgets/icon';

interface PictureProps {
  readonly subgraph: Subgraph;
  readonly places: readonly Point[];
  /** Whether clicks mark boxes instead of selecting them. */
  readonly marking: boolean;
}

/** Boxes and the edges between them. Drag a box to move it. */
export function SubgraphPicture({ subgraph, places, marking }: PictureProps) {
  const svg = useRef<SVGSVGElement>(null);
  const { viewBox, handlers, toUnits, zoomBy, fit } = usePanZoom(svg, places);
  const [dragged, setDragged] = useState<{ key: string; point: Point } | null>(null);
  useHoverClass(svg);
  const placed = places.map((place, i) => (dragged?.key === subgraph.boxes[i].key ? dragged.point : place));
  return (
    <div class="subgraph">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <svg ref={svg} viewBox={viewBox} role="group" aria-label="Subgraph of pinned nodes" {...handlers}>
        <Edges subgraph={subgraph} places={placed} />
        {subgraph.boxes.map((box, i) => (
          <BoxShape
            key={box.key}
            box={box}
            place={placed[i]}
            entry={i === 0}
            marking={marking}
            toUnits={toUnits}
            onDrag={(point) => setDragged({ key: box.key, point })}
            onDrop={(point) => {
              setDragged(null);
              if (point) moveBox(box.key, point);
            }}
          />
        ))}
      </svg>
      <div class="zoom-buttons">
        <button type="button" class="quiet" aria-label="Zoom in" onClick={() => zoomBy(1.25)}>
          <Icon name="plus" />
        </button>
        <button type="button" class="quiet" aria-label="Zoom out" onClick={() => zoomBy(0.8)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="quiet" aria-label="Show all" title="Show all" onClick={fit}>
          <Icon name="fit" />
        </button>
      </div>
    </div>
  );
}

/** Weak edges first. Numbers are on top. */
function Edges({ subgraph, places }: { subgraph: Subgraph; places: readonly Point[] }) {
  const edges = subgraph.edges.filter(({ weight }) => Math.abs(weight) >= minEdgeShare);
  edges.sort((a, b) => Math.abs(a.weight) - Math.abs(b.weight));
  const lines = edges.map((edge) => ({ ...edge, ...edgeLine(places[edge.from], places[edge.to]) }));
  const labelled = labelledEdges(lines);
  const name = (box: number) => subgraph.boxes[box].label;
  return (
    <g class="edges">
      {lines.map(({ from, to, weight, points: [x, y, ...rest] }) => (
        <path
          key={`${from} ${to}`}
          d={`M${x} ${y}C${rest.join(' ')}`}
          data-sign={weight < 0 ? 'negative' : 'positive'}
          stroke-width={edgeWidth(weight)}
          stroke-opacity={shareOpacity(weight)}
        >
          <title>{`${name(from)} → ${name(to)}: ${percent(weight)} of its outside input`}</title>
        </path>
      ))}
      {labelPlaces(labelled, places).map(([x, y], i) => (
        <text key={`${labelled[i].from} ${labelled[i].to}`} x={x} y={y + 4}>
          {percent(labelled[i].weight)}
        </text>
      ))}
    </g>
  );
}

interface BoxProps {
  readonly box: Box;
  readonly place: Point;
  readonly entry: boolean;
  readonly marking: boolean;
  readonly toUnits: (event: PointerEvent) => Point;
  readonly onDrag: (point: Point) => void;
  readonly onDrop: (point: Point | null) => void;
}

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function BoxShape({ box, place, entry, marking, toUnits, onDrag, onDrop }: BoxProps) {
  const [x, y] = place;
  const selected = useStore((state) => state.history.present.selected === box.key);
  const marked = useStore((state) => state.marked.includes(box.key));
  const { width, height } = boxSize;
  const act = (event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => {
    if (event.ctrlKey || event.metaKey) togglePin(box.key);
    else if (event.shiftKey || marking) toggleMark(box.key);
    else toggleSelection(box.key);
  };
  const dragging = useBoxDrag({ place, toUnits, onDrag, onDrop, onClick: act });
  const key = (event: KeyboardEvent) => {
    const [stepX, stepY] = steps[event.key] ?? [0, 0];
    const size = event.shiftKey ? 50 : 10;
    if (event.key === 'Enter') act(event);
    else if (event.key === ' ') toggleMark(box.key);
    else if (stepX !== 0 || stepY !== 0) moveBox(box.key, [x + stepX * size, y + stepY * size]);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button
    <g
      class="box"
      role="button"
      tabindex={0}
      data-entry={entry ? '' : undefined}
      data-key={box.key}
      data-nodes={box.nodes.join(' ')}
      data-group={box.kind === 'group'}
      data-marked={marked}
      aria-pressed={selected}
      aria-label={spokenName(box, marked)}
      transform={`translate(${x - width / 2} ${y - height / 2})`}
      {...dragging}
      onFocus={() => hovered.set(box.kind === 'group' ? -1 : box.nodes[0])}
      onPointerEnter={() => box.kind !== 'group' && hovered.set(box.nodes[0])}
      onPointerLeave={() => hovered.set(-1)}
      onKeyDown={key}
    >
      <title>{box.label}</title>
      {box.kind === 'group' && <rect class="box-behind" x="4" y="-4" width={width} height={height} rx="8" />}
      <rect class="box-front" width={width} height={height} rx="8" />
      {box.kind !== 'group' && <Glyph kind={box.kind} x={14} y={height / 2} />}
      <BoxText box={box} />
    </g>
  );
}

function spokenName({ label, kind, nodes }: Box, marked: boolean): string {
  return `${label}${kind === 'group' ? `, group of ${nodes.length}` : ''}${marked ? ', marked' : ''}`;
}

function BoxText({ box }: { box: Box }) {
  const { width, height } = boxSize;
  if (box.kind !== 'group') {
    return (
      <text class="box-name" x={26} y={height / 2 + 4}>
        {shortened(box.label, 17)}
      </text>
    );
  }
  return (
    <text x={width / 2} y={height / 2 + 4}>
      {shortened(box.label, 17)}
      <tspan class="box-count"> {box.nodes.length}</tspan>
    </text>
  );
}

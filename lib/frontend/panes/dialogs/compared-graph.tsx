import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Graph } from '../../core/graph/graph';
import { nodeOf } from '../../core/graph/graph';
import { count } from '../../core/graph/parse';
import { drawnLinks } from '../../core/view/drawn-links';
import { emptyView } from '../../core/view/view';
import { endsOf } from '../../draw/link-ends';
import { readPalette } from '../../draw/palette';
import { useSignal } from '../../state/hooks';
import { Signal } from '../../state/signal';
import { shownTheme } from '../../state/theme';
import { LinkGraphView } from '../link-graph-view';

interface ComparedGraphProps {
  readonly graph: Graph;
  readonly title: string;
  readonly inBoth: Uint8Array;
  /** The node whose edges are drawn, or -1. */
  readonly chosen: number;
  readonly onChoose: (node: number) => void;
}

const view = { ...emptyView, topLinks: 100 };
const noLinks = new Int32Array(0);

/** One of two link graphs. Nodes that only this one has are filled. */
export function ComparedGraph({ graph, title, inBoth, chosen, onChoose }: ComparedGraphProps) {
  const root = useRef<HTMLDivElement>(null);
  const picture = useRef<LinkGraphView | null>(null);
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const theme = useSignal(shownTheme);
  const shown = useMemo(() => new Uint8Array(graph.n).fill(1), [graph]);
  const filled = useMemo(() => inBoth.map((both) => 1 - both), [inBoth]);
  useLayoutEffect(() => {
    if (!root.current) return;
    const select = (id: string) => choose.current(nodeOf(graph, id) ?? -1);
    const made = new LinkGraphView(root.current, { select, pin: select }, new Signal(-1));
    picture.current = made;
    return () => made.dispose();
  }, [graph]);
  const selected = useMemo(() => ({ ...view, selected: chosen < 0 ? '' : graph.ids[chosen] }), [graph, chosen]);
  const drawn = useMemo(() => drawnLinks(graph, selected, shown, noLinks), [graph, selected, shown]);
  useLayoutEffect(() => {
    if (!root.current) return;
    const { links } = drawn;
    const palette = readPalette();
    const ends = endsOf(graph, selected, links);
    picture.current?.show({ graph, shown, links, ends, labels: {}, palette, filled });
  }, [graph, shown, filled, selected, drawn, theme]);
  const own = useMemo(() => filled.reduce((sum, each) => sum + each, 0), [filled]);
  return (
    <section class="compared-graph" aria-label={title}>
      <h3>{title}</h3>
      <p class="muted">
        {count(graph.n, 'node')}, of these {own.toLocaleString('en')} <span class="only-sign" aria-hidden="true" /> only
        here
        {drawn.left > 0 && `; ${drawn.left.toLocaleString('en')} edges of the chosen node are not drawn`}
      </p>
      <div class="link-graph" ref={root} />
    </section>
  );
}

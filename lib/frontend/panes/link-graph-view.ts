import { short, unsignedPercent } from '../core/graph/format';
import type { Graph } from '../core/graph/graph';
import { influenceName, placeName, plainName, rankName, titleOf } from '../core/graph/names';
import { type Grid, makeGrid, nearest } from '../core/layout/grid';
import { type LinkGraphLayout, layoutLinkGraph } from '../core/layout/layout';
import { CanvasPen } from '../draw/canvas-pen';
import {
  type Ends,
  glyphRadius,
  type LinkGraphPicture,
  margins,
  paintLinks,
  paintNodes,
  placeOf,
} from '../draw/link-graph';
import type { Palette } from '../draw/palette';
import type { Signal } from '../state/signal';
import { hovered } from '../state/store';
import { nextNode } from './hooks/node-steps';

export interface LinkGraphContent {
  readonly graph: Graph;
  readonly shown: Uint8Array;
  readonly links: readonly number[];
  readonly ends: Ends;
  readonly labels: Readonly<Record<string, string>>;
  readonly palette: Palette;
  readonly filled?: Uint8Array;
}

export interface LinkGraphActions {
  select(id: string): void;
  pin(id: string): void;
}

const hitRadius = 24;
const maxZoom = 20;
const longPress = 500;
const dragStart = 4;

/**
 * The link graph on three canvases: nodes, edges, and what is under the pointer, so that a mouse move only draws a
 * ring. It does not use a framework. A component passes it the content.
 */
export class LinkGraphView {
  readonly #root: HTMLElement;
  readonly #actions: LinkGraphActions;
  readonly #pointed: Signal<number>;
  readonly #nodes = layer();
  readonly #links = layer();
  readonly #hover = layer();
  readonly #tip = document.createElement('div');
  readonly #spoken = document.createElement('div');
  readonly #stop = new AbortController();
  readonly #observer = new ResizeObserver(() => this.#resize());
  readonly #unsubscribe: () => void;
  #content: LinkGraphContent | undefined;
  #layout: LinkGraphLayout | undefined;
  #grid: Grid | undefined;
  #width = 0;
  #height = 0;
  #zoom = 1;
  #scroll = 0;
  #frame = 0;
  #dirty = { layout: true, links: true };
  #drag: { x: number; scroll: number; moved: boolean; timer: ReturnType<typeof setTimeout> } | undefined;
  /** Whether this view moved the pointer or the focus, and not another pane. */
  #own = false;

  /** @param pointed the node under the pointer, shared with everything else that shows this graph */
  constructor(root: HTMLElement, actions: LinkGraphActions, pointed: Signal<number> = hovered) {
    this.#root = root;
    this.#pointed = pointed;
    this.#actions = actions;
    this.#tip.className = 'tip';
    this.#tip.hidden = true;
    this.#spoken.className = 'visually-hidden';
    this.#spoken.setAttribute('role', 'status');
    root.append(this.#nodes, this.#links, this.#hover, this.#tip, this.#spoken);
    root.tabIndex = 0;
    root.dataset.entry = '';
    root.setAttribute('role', 'application');
    root.setAttribute('aria-label', 'Link graph: arrow keys move between nodes, Enter selects, P pins');
    this.#listen();
    this.#observer.observe(root);
    this.#unsubscribe = pointed.subscribe(() => this.#showHover());
  }

  show(content: LinkGraphContent): void {
    const before = this.#content;
    this.#content = content;
    const same = before && before.graph === content.graph && before.palette.surface === content.palette.surface;
    const layoutStays = same && before.filled === content.filled && sameBytes(before.shown, content.shown);
    if (before?.graph !== content.graph) this.#zoom = 1;
    this.#redraw({ layout: !layoutStays, links: true });
  }

  zoomBy(factor: number, x = this.#width / 2): void {
    const zoom = Math.min(maxZoom, Math.max(1, this.#zoom * factor));
    const at = (this.#scroll + x - margins.left) / this.#zoom;
    this.#scroll = at * zoom - (x - margins.left);
    this.#zoom = zoom;
    this.#redraw({ layout: true, links: true });
  }

  dispose(): void {
    this.#stop.abort();
    this.#observer.disconnect();
    this.#unsubscribe();
    cancelAnimationFrame(this.#frame);
    this.#root.replaceChildren();
  }

  #listen(): void {
    const options = { signal: this.#stop.signal };
    const root = this.#root;
    root.addEventListener('pointerdown', (event) => this.#press(event), options);
    root.addEventListener('pointermove', (event) => this.#move(event), options);
    root.addEventListener('pointerup', (event) => this.#release(event), options);
    root.addEventListener('pointercancel', () => this.#endDrag(), options);
    root.addEventListener('pointerleave', () => this.#setHover(-1), options);
    root.addEventListener('blur', () => this.#setHover(-1), options);
    root.addEventListener('keydown', (event) => this.#key(event), options);
    root.addEventListener('wheel', (event) => this.#wheel(event), { ...options, passive: false });
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#root;
    if (clientWidth === this.#width && clientHeight === this.#height) return;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#redraw({ layout: true, links: true });
  }

  #redraw(dirty: { layout: boolean; links: boolean }): void {
    this.#dirty = { layout: this.#dirty.layout || dirty.layout, links: this.#dirty.links || dirty.links };
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const content = this.#content;
    if (!content || this.#width === 0 || this.#height === 0) return;
    if (this.#dirty.layout) this.#drawNodes(content);
    if (this.#dirty.links) {
      const picture = this.#picture(content);
      clipped(this.#clear(this.#links), this.#width, this.#height, (pen) =>
        paintLinks(pen, picture, content.links, content.ends),
      );
    }
    this.#dirty = { layout: false, links: false };
    this.#showHover();
    this.#root.dataset.drawn = String(content.links.length);
  }

  #drawNodes(content: LinkGraphContent): void {
    const width = Math.max(50, (this.#width - margins.left - margins.right) * this.#zoom);
    const height = Math.max(50, this.#height - margins.top - margins.bottom);
    this.#layout = layoutLinkGraph(content.graph, content.shown, { width, height });
    this.#grid = makeGrid(this.#layout.x, this.#layout.y, width, height);
    this.#scroll = Math.min(Math.max(0, this.#scroll), width - (this.#width - margins.left - margins.right));
    paintNodes(new CanvasPen(this.#clear(this.#nodes)), this.#picture(content));
  }

  #picture({ graph, shown, palette, filled }: LinkGraphContent): LinkGraphPicture {
    const size = { width: this.#width, height: this.#height, scroll: this.#scroll };
    return { graph, shown, palette, layout: this.#layout as LinkGraphLayout, ...size, ...(filled && { filled }) };
  }

  /** Clear a canvas and fit it to the size and resolution of the screen. */
  #clear(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
    const scale = Math.min(2, devicePixelRatio);
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const [width, height] = [Math.round(this.#width * scale), Math.round(this.#height * scale)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    return context;
  }

  #showHover(): void {
    const content = this.#content;
    if (!content || !this.#layout) return;
    const context = this.#clear(this.#hover);
    const { value: node } = this.#pointed;
    const place = node >= 0 && node < content.graph.n ? placeOf(this.#picture(content), node) : undefined;
    if (!place || Number.isNaN(place[0]) || place[0] < margins.left) {
      this.#tip.hidden = true;
      return;
    }
    const stroke = { colour: content.palette.accent, width: 2, dash: [3, 2] };
    new CanvasPen(context).glyphs('feature', place, glyphRadius(this.#picture(content)) + 4, { stroke });
    this.#tip.hidden = !this.#own;
    if (this.#own) this.#showTip(content, node, place);
  }

  #showTip({ graph, labels }: LinkGraphContent, node: number, [x, y]: [number, number]): void {
    const title = titleOf(graph, node, labels);
    const name = plainName(graph, node);
    const parts = [
      ...(title === name ? [] : [name]),
      placeName(graph, node),
      ...(graph.kinds[node] === 'logit'
        ? []
        : [`${influenceName(graph)} ${short(graph.ownInfluence[node])}, ${rankName(graph, node)}`]),
      ...(Number.isNaN(graph.activation[node]) ? [] : [`activation ${short(graph.activation[node])}`]),
      ...(graph.kinds[node] === 'logit' ? [`probability ${unsignedPercent(graph.probability[node])}`] : []),
    ];
    const strong = document.createElement('strong');
    strong.textContent = title;
    const rest = document.createElement('span');
    rest.textContent = parts.join(' · ');
    this.#tip.replaceChildren(strong, rest);
    const right = x > this.#width / 2;
    this.#tip.style.left = right ? '' : `${x + 12}px`;
    this.#tip.style.right = right ? `${this.#width - x + 12}px` : '';
    this.#tip.style.top = y > this.#height / 2 ? '' : `${y + 8}px`;
    this.#tip.style.bottom = y > this.#height / 2 ? `${this.#height - y + 8}px` : '';
    if (document.activeElement === this.#root) this.#spoken.textContent = `${title}, ${parts.join(', ')}`;
  }

  #setHover(node: number): void {
    this.#own = node >= 0;
    this.#pointed.set(node);
  }

  #hit({ clientX, clientY }: MouseEvent): number {
    if (!this.#grid) return -1;
    const box = this.#root.getBoundingClientRect();
    const x = clientX - box.left - margins.left + this.#scroll;
    return nearest(this.#grid, x, clientY - box.top - margins.top, hitRadius);
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return;
    const timer = setTimeout(() => this.#longPress(event), event.pointerType === 'mouse' ? 1e9 : longPress);
    this.#drag = { x: event.clientX, scroll: this.#scroll, moved: false, timer };
  }

  #longPress(event: PointerEvent): void {
    const node = this.#hit(event);
    if (node >= 0 && this.#content) this.#actions.pin(this.#content.graph.ids[node]);
    this.#endDrag();
  }

  #move(event: PointerEvent): void {
    const drag = this.#drag;
    if (drag && (drag.moved || Math.abs(event.clientX - drag.x) > dragStart)) {
      if (!drag.moved) this.#root.setPointerCapture(event.pointerId);
      drag.moved = true;
      clearTimeout(drag.timer);
      this.#scrollTo(drag.scroll + drag.x - event.clientX);
      return;
    }
    if (!event.shiftKey && event.pointerType !== 'touch') this.#setHover(this.#hit(event));
  }

  #release(event: PointerEvent): void {
    const drag = this.#drag;
    this.#endDrag();
    if (!drag || drag.moved || !this.#content) return;
    const node = this.#hit(event);
    const id = node < 0 ? '' : this.#content.graph.ids[node];
    if (node >= 0 && (event.ctrlKey || event.metaKey)) this.#actions.pin(id);
    else this.#actions.select(id);
  }

  #endDrag(): void {
    if (this.#drag) clearTimeout(this.#drag.timer);
    this.#drag = undefined;
  }

  #wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const x = event.clientX - this.#root.getBoundingClientRect().left;
      this.zoomBy(Math.exp(-event.deltaY / 300), x);
    } else if (this.#zoom > 1 && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      event.preventDefault();
      this.#scrollTo(this.#scroll + (event.deltaX || event.deltaY));
    }
  }

  #scrollTo(scroll: number): void {
    if (this.#zoom === 1) return;
    this.#scroll = scroll;
    this.#redraw({ layout: true, links: true });
  }

  #key(event: KeyboardEvent): void {
    const content = this.#content;
    if (!content || !this.#layout || event.ctrlKey || event.metaKey || event.altKey) return;
    const { value: node } = this.#pointed;
    if (event.key === 'Enter' || event.key === ' ') {
      if (node >= 0) this.#actions.select(content.graph.ids[node]);
    } else {
      const next = nextNode(content.graph, this.#layout, node, event.key);
      if (next === undefined) return;
      this.#setHover(next);
      this.#reveal(next);
    }
    event.preventDefault();
  }

  #reveal(node: number): void {
    const x = (this.#layout?.x[node] ?? 0) - this.#scroll;
    const width = this.#width - margins.left - margins.right;
    if (x < 0 || x > width) this.#scrollTo((this.#layout?.x[node] ?? 0) - width / 2);
  }
}

function layer(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  return canvas;
}

/** Draw on the part with nodes, so that edges of a scrolled graph do not cross the names of rows. */
function clipped(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  draw: (pen: CanvasPen) => void,
): void {
  context.save();
  context.beginPath();
  context.rect(margins.left, 0, width - margins.left, height);
  context.clip();
  draw(new CanvasPen(context));
  context.restore();
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}

import { forcePlaces } from '../core/layout/force-layout';
import { layeredPlaces } from '../core/layout/layered-layout';
import type { Subgraph } from '../core/view/subgraph';
import type { Point, SubgraphLayout, View } from '../core/view/view';
import { boxSize } from './subgraph-shapes';

/** Where the layout puts the boxes. */
export function laidOut(subgraph: Subgraph, layout: SubgraphLayout): Point[] {
  return layout === 'force' ? forcePlaces(subgraph, boxSize) : layeredPlaces(subgraph, boxSize);
}

/** Where the boxes are: where they were dragged, else where the layout put them. */
export function placesIn(subgraph: Subgraph, view: View, places: readonly Point[]): Point[] {
  return subgraph.boxes.map(({ key }, i) => view.positions[key] ?? places[i]);
}

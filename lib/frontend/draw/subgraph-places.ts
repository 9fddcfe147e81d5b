import { forcePlaces } from '../core/layout/force-layout';
import { layeredPlaces } from '../core/layout/layered-layout';
import type { Subgraph } from '../core/view/subgraph';
import type { Point, SubgraphLayout, View } from '../core/view/view';
import { boxSize } from './subgraph-shapes';

/** The box positions from the layout. */
export function laidOut(subgraph: Subgraph, layout: SubgraphLayout): Point[] {
  return layout === 'force' ? forcePlaces(subgraph, boxSize) : layeredPlaces(subgraph, boxSize);
}

/** The box positions: dragged positions, otherwise those of the layout. */
export function placesIn(subgraph: Subgraph, view: View, places: readonly Point[]): Point[] {
  return subgraph.boxes.map(({ key }, i) => view.positions[key] ?? places[i]);
}

import { nodeKinds } from '../../../graph-file/schema';
import { kindTitles } from '../../core/graph/names';
import { linkWidth, shareOpacity } from '../../draw/share-style';
import { edgeWidth } from '../../draw/subgraph-shapes';
import { Dialog } from '../widgets/dialog';
import { GlyphIcon } from '../widgets/glyph';

const samples = [-0.4, -0.2, -0.05, 0.05, 0.2, 0.4];

export function LegendDialog() {
  return (
    <Dialog title="Legend">
      <h3>Nodes</h3>
      <ul class="legend-kinds">
        {nodeKinds.map((kind) => (
          <li key={kind}>
            <GlyphIcon kind={kind} /> {kindTitles[kind]}
          </li>
        ))}
      </ul>
      <h3>Edges, by share of the target’s input</h3>
      <ul class="legend-links">
        {samples.map((share) => (
          <li key={share}>
            <ShareSample share={share} />
            {share > 0 ? '+' : '−'}
            {Math.abs(100 * share)}%
          </li>
        ))}
      </ul>
      <Units />
    </Dialog>
  );
}

function ShareSample({ share }: { share: number }) {
  return (
    <svg width="56" height="16" aria-hidden="true">
      <line
        class="link-sample"
        data-sign={share < 0 ? 'negative' : 'positive'}
        x1="2"
        y1="8"
        x2="54"
        y2="8"
        stroke-width={linkWidth(share)}
        stroke-opacity={shareOpacity(share)}
      />
    </svg>
  );
}

function Units() {
  return (
    <dl class="units">
      <dt>Weight</dt>
      <dd>
        The direct, linear effect of one node on another: on the pre-activation of a feature, or on the logit of an
        output minus the mean logit.
      </dd>
      <dt>Share</dt>
      <dd>
        The weight of an edge divided by the sum of the absolute weights of all edges into its target. Positive edges
        are solid, negative edges dashed. Colours are strongest from 40% on. Shares refer to the whole file: filters
        hide edges, but do not change shares.
      </dd>
      <dt>Edge between boxes</dt>
      <dd>
        The share for groups: the part of a group’s input from outside that comes from another group, as a mean over its
        members. An edge of 50% is {edgeWidth(0.5)} px wide.
      </dd>
      <dt>Influence</dt>
      <dd>
        The influence of a node on the outputs: the sum, over all paths from it to an output, of the product of the
        absolute shares along the path, times the probability of the output. Large is important. The rank counts from
        the most influential node of the file. Influence refers to the whole graph before pruning, as on the command
        line. Files of other programs do not contain it. For these it is computed from the edges in the file and called
        influence within the file.
      </dd>
      <dt>Keep nodes up to … of influence</dt>
      <dd>
        The slider keeps the most influential nodes that together hold this share of the influence of all nodes. The
        right end is the threshold that the file was pruned with, where all nodes are shown. Pinned and selected nodes,
        tokens and outputs are always shown.
      </dd>
      <dt>Replacement</dt>
      <dd>The share of the influence on the outputs that starts at tokens and not at errors.</dd>
      <dt>Completeness</dt>
      <dd>
        The share of the nodes’ input, weighted by their influence, that does not come from errors. Both scores refer to
        the pruned graph in the file.
      </dd>
    </dl>
  );
}

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
      <h3>Links, by share of the target’s input</h3>
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
        Direct, linear effect of one node on another: on a feature’s pre-activation, or on an output’s logit less the
        mean logit.
      </dd>
      <dt>Share</dt>
      <dd>
        A link’s weight over the sum of the absolute weights of all links into its target. Positive links are solid,
        negative ones dashed; full colour from 40% on. It counts the whole file: filters hide links, they do not change
        shares.
      </dd>
      <dt>Edge between boxes</dt>
      <dd>
        The same for groups: the part of a group’s input from outside that comes from another group, a mean over its
        members. It is {edgeWidth(0.5)} px wide at 50%.
      </dd>
      <dt>Influence</dt>
      <dd>
        Of a node on the outputs: the sum, over all paths from it to an output, of the product of the absolute shares
        along the path, times the output’s probability. Large is important; the rank says which place it has among the
        nodes of the file. It is of the whole graph, before pruning, as the command line prints it. Files of other
        programs don’t hold it: theirs is computed from the links they have, and called influence within the file.
      </dd>
      <dt>Keep nodes up to … of influence</dt>
      <dd>
        The slider hides all but the most influential nodes that together hold so much of the influence of all nodes. At
        its end, where the file was pruned, everything in the file is shown. Pinned and selected nodes stay, and so do
        tokens and outputs.
      </dd>
      <dt>Replacement</dt>
      <dd>Share of the influence on the outputs that begins at tokens and not at errors.</dd>
      <dt>Completeness</dt>
      <dd>
        Share of the nodes’ input, weighed by their influence, that does not come from errors. Both are of the file as
        it is, pruned.
      </dd>
    </dl>
  );
}

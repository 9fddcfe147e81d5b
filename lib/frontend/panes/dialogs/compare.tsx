import { useEffect, useMemo, useState } from 'preact/hooks';
import { text } from '../../../graph-file/json-values';
import type { Graph } from '../../core/graph/graph';
import { type Alignment, compareGraphs } from '../../core/measure/compare';
import { graphUrl, loadGraph } from '../../data/load';
import type { LoadedGraph } from '../../data/loaded-graph';
import { useStore } from '../../state/hooks';
import { problemOf } from '../../state/notices';
import { Dialog } from '../widgets/dialog';
import { CompareList, type Pair } from './compare-list';
import { ComparedGraph } from './compared-graph';

const nothing: Pair = { left: -1, right: -1 };

/** Compares the graph on the page with another: nodes in one, in the other, and in both. */
export function CompareDialog() {
  const loaded = useStore((state) => state.document?.loaded);
  const title = useStore((state) => state.document?.title ?? '');
  const [other, setOther] = useState<{ title: string; loaded: LoadedGraph } | null>(null);
  const [alignment, setAlignment] = useState<Alignment>('position');
  if (!loaded) return null;
  return (
    <Dialog title="Compare two graphs" wide>
      <div class="compare-tools">
        <OtherGraph onLoaded={setOther} />
        <label>
          Same node means{' '}
          <select
            value={alignment}
            onChange={({ currentTarget }) => setAlignment(currentTarget.value === 'any' ? 'any' : 'position')}
          >
            <option value="position">same feature at the same position</option>
            <option value="any">same feature at any position</option>
          </select>
        </label>
      </div>
      {other ? (
        <Compared
          left={loaded.graph}
          right={other.loaded.graph}
          titles={[titled(title, loaded), titled(other.title, other.loaded)]}
          alignment={alignment}
        />
      ) : (
        <p class="hint muted">Choose the graph to compare with “{titled(title, loaded)}”.</p>
      )}
    </Dialog>
  );
}

function titled(title: string, { metadata }: LoadedGraph): string {
  return text(metadata.prompt) || title;
}

/** Selects the graph to compare with: from the server's list, or a file. */
function OtherGraph({ onLoaded }: { onLoaded: (other: { title: string; loaded: LoadedGraph } | null) => void }) {
  const entries = useStore((state) => state.entries);
  const [state, setState] = useState('');
  const [asked, setAsked] = useState<{ title: string; source: Parameters<typeof loadGraph>[0] } | null>(null);
  useEffect(() => {
    if (!asked) return;
    let current = true;
    setState(`Reading ${asked.title} …`);
    onLoaded(null);
    loadGraph(asked.source)
      .then((loaded) => {
        if (current) onLoaded({ title: asked.title, loaded });
        if (current) setState('');
      })
      .catch((error: unknown) => {
        if (current) setState(`${asked.title}: ${problemOf(error)}`);
      });
    return () => {
      current = false;
    };
  }, [asked, onLoaded]);
  return (
    <>
      <label>
        With{' '}
        <select
          aria-label="Other graph"
          onChange={({ currentTarget: { value } }) =>
            value !== '' && setAsked({ title: value, source: { url: graphUrl(value) } })
          }
        >
          <option value="">a graph…</option>
          {entries.map(({ slug, prompt }) => (
            <option key={slug} value={slug}>
              {`${slug} — ${prompt}`.slice(0, 100)}
            </option>
          ))}
        </select>
      </label>
      <label>
        or a file{' '}
        <input
          type="file"
          accept=".json,application/json"
          aria-label="Other graph file"
          onChange={({ currentTarget: { files } }) =>
            files?.[0] && setAsked({ title: files[0].name, source: { file: files[0] } })
          }
        />
      </label>
      <span role="status">{state}</span>
    </>
  );
}

interface ComparedProps {
  readonly left: Graph;
  readonly right: Graph;
  readonly titles: readonly [string, string];
  readonly alignment: Alignment;
}

function Compared({ left, right, titles, alignment }: ComparedProps) {
  const comparison = useMemo(() => compareGraphs(left, right, alignment), [left, right, alignment]);
  const [chosen, setChosen] = useState<Pair>(nothing);
  useEffect(() => setChosen(nothing), [comparison]);
  const choose = (pair: Pair) => setChosen(pair.left === chosen.left && pair.right === chosen.right ? nothing : pair);
  const chooseIn = (side: 'left' | 'right') => (node: number) => {
    const match = node < 0 ? undefined : comparison.matches[comparison.matchOf[side][node]];
    choose(match ? { ...match, [side]: node } : nothing);
  };
  return (
    <div class="compared">
      <ComparedGraph
        graph={left}
        title={titles[0]}
        inBoth={comparison.inBothLeft}
        chosen={chosen.left}
        onChoose={chooseIn('left')}
      />
      <ComparedGraph
        graph={right}
        title={titles[1]}
        inBoth={comparison.inBothRight}
        chosen={chosen.right}
        onChoose={chooseIn('right')}
      />
      <CompareList left={left} right={right} matches={comparison.matches} chosen={chosen} onChoose={choose} />
    </div>
  );
}

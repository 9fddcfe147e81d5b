import { useEffect, useState } from 'preact/hooks';
import { readDictionaryName } from '../../graph-file/read';
import { type FeatureInfo, percentile } from '../core/graph/feature';
import { unsignedPercent, visibleToken } from '../core/graph/format';
import type { Graph } from '../core/graph/graph';
import { type FeatureAnswer, fetchFeature, noFeatures } from '../data/features';
import { useStore } from '../state/hooks';
import { problemOf } from '../state/notices';
import { getState } from '../state/store';
import { ExampleList } from './example-list';
import { Histogram } from './widgets/histogram';

type Asked = { readonly problem: string } | FeatureAnswer | null;

/** The data of a feature: promoted tokens, activations and examples. */
export function FeatureExamples({ graph, node }: { graph: Graph; node: number }) {
  const [attempt, setAttempt] = useState(0);
  const answer = useFeature(graph, node, attempt);
  if (answer === null) return <p class="muted hint">Reading examples…</p>;
  if ('none' in answer) return <p class="muted hint">{answer.none}</p>;
  if ('problem' in answer) {
    return (
      <div class="hint" role="alert">
        <p>The examples could not be read. {answer.problem}</p>
        <button type="button" onClick={() => setAttempt(attempt + 1)}>
          Try again
        </button>
      </div>
    );
  }
  return <Known info={answer.info} activation={graph.activation[node]} />;
}

/** The response for the current node. Late responses for other nodes are dropped. */
function useFeature(graph: Graph, node: number, attempt: number): Asked {
  const [found, setFound] = useState<{ of: string; asked: Asked }>({ of: '', asked: null });
  const source = useStore(({ status }) => status && (status.features ? 'served' : 'nothing'));
  const of = `${graph.layer[node]} ${graph.feature[node]} ${attempt} ${source}`;
  useEffect(() => {
    if (source === undefined) return;
    if (source === 'nothing') return setFound({ of, asked: { none: noFeatures } });
    const served = source === 'served';
    const stop = new AbortController();
    const scan = readDictionaryName(getState().document?.loaded.metadata ?? {}, graph.layer[node]);
    const request = { layer: graph.layer[node], index: graph.feature[node], raw: graph.rawFeature[node] };
    fetchFeature({ ...request, scan, served }, stop.signal)
      .catch((error: unknown) => ({ problem: problemOf(error) }))
      .then((asked) => {
        if (!stop.signal.aborted) setFound({ of, asked });
      });
    return () => stop.abort();
  }, [graph, node, of, source]);
  return found.of === of ? found.asked : null;
}

function Known({ info, activation }: { info: FeatureInfo; activation: number }) {
  const rank = percentile(activation, info);
  return (
    <div class="feature-info">
      <div class="feature-facts">
        <Histogram info={info} activation={activation} />
        <div class="feature-words">
          {!Number.isNaN(info.frequency) && <p>Active on {unsignedPercent(info.frequency, 2)} of tokens.</p>}
          {!Number.isNaN(rank) && <p>Here stronger than {rank.toFixed(0)}% of its activations.</p>}
          <Chips title="Likelier" tokens={info.topLogits} />
          <Chips title="Less likely" tokens={info.bottomLogits} />
        </div>
      </div>
      <ExampleList info={info} />
    </div>
  );
}

function Chips({ title, tokens }: { title: string; tokens: readonly string[] }) {
  if (tokens.length === 0) return null;
  return (
    <div class="chips">
      <h4>{title}</h4>
      <ul>
        {tokens.map((token, i) => (
          <li key={i}>{visibleToken(token)}</li>
        ))}
      </ul>
    </div>
  );
}

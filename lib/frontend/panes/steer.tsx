import { useEffect } from 'preact/hooks';
import type { Graph } from '../core/graph/graph';
import { type SteerTarget, steerName, steerTargets, usualFactor } from '../core/view/steering';
import { steer } from '../data/api';
import { useSignal, useStore } from '../state/hooks';
import { problemOf } from '../state/notices';
import { blankSteering, setSteering, steering } from '../state/steering';
import { getState } from '../state/store';
import { SteerResults } from './steer-results';

/** Runs the model again with pinned features made stronger, weaker or switched off. */
export function SteerTab() {
  const document = useStore((state) => state.document);
  const view = useStore((state) => state.history.present);
  const model = useStore((state) => state.status?.model ?? null);
  useEffect(() => {
    if (steering.value.slug !== document?.slug) steering.set(blankSteering(document?.slug ?? ''));
  }, [document?.slug]);
  if (!document) return null;
  if (document.slug === '' || !model) return <p class="hint muted">{withoutModel(document.slug)}</p>;
  const targets = steerTargets(document.loaded.graph, view);
  if (targets.length === 0) {
    return <p class="hint muted">Pin or group features to steer them here.</p>;
  }
  return <Steering graph={document.loaded.graph} targets={targets} model={model.name} />;
}

function withoutModel(slug: string): string {
  if (slug === '') return 'A file opened from disk cannot be steered, because the server does not know its model.';
  return 'Steering requires a model. Start the server with a model to steer pinned features and groups here.';
}

function Steering({ graph, targets, model }: { graph: Graph; targets: readonly SteerTarget[]; model: string }) {
  const { chosen, maxNewTokens, freezeAttention, running, problem, result } = useSignal(steering);
  const active = targets.filter(({ key }) => chosen[key] !== undefined);
  return (
    <div class="steer">
      <p class="muted">
        Choose what to steer. Its activation is multiplied: ×0 switches it off, ×1 leaves it, ×2 doubles it.
      </p>
      <ul class="steer-targets">
        {targets.map((target) => (
          <TargetRow key={target.key} target={target} factor={chosen[target.key]} />
        ))}
      </ul>
      <div class="steer-settings">
        <label>
          New tokens{' '}
          <input
            type="number"
            min="0"
            max="100"
            value={maxNewTokens}
            onChange={({ currentTarget }) =>
              setSteering({ maxNewTokens: Math.min(100, Math.max(0, Math.round(currentTarget.valueAsNumber) || 0)) })
            }
          />
        </label>
        <label title="Keep the attention patterns of the run without steering">
          <input
            type="checkbox"
            checked={freezeAttention}
            onChange={({ currentTarget }) => setSteering({ freezeAttention: currentTarget.checked })}
          />{' '}
          Freeze attention
        </label>
        <button
          type="button"
          class="primary"
          disabled={active.length === 0 && !running}
          onClick={() => (running ? stop?.abort() : void run(graph, active))}
        >
          {running ? 'Stop' : `Run ${model}`}
        </button>
      </div>
      <div role="status">{running && <p class="muted">Running the model twice…</p>}</div>
      {problem !== '' && (
        <p role="alert" class="steer-problem">
          Steering failed. {problem}
        </p>
      )}
      {result && <SteerResults result={result} />}
    </div>
  );
}

function TargetRow({ target, factor }: { target: SteerTarget; factor: number | undefined }) {
  const { key, title, nodes } = target;
  const set = (value: number | undefined) => {
    const { [key]: _, ...others } = steering.value.chosen;
    setSteering({ chosen: value === undefined ? others : { ...others, [key]: value } });
  };
  const input = (value: number) => set(Number.isFinite(value) ? Math.min(20, Math.max(-20, value)) : usualFactor);
  return (
    <li data-chosen={factor !== undefined}>
      <label class="steer-name">
        <input
          type="checkbox"
          checked={factor !== undefined}
          onChange={({ currentTarget }) => set(currentTarget.checked ? usualFactor : undefined)}
        />{' '}
        {title} {nodes.length > 1 && <span class="muted">{nodes.length} features</span>}
      </label>
      {factor !== undefined && (
        <span class="steer-factor">
          <input
            type="range"
            min="-5"
            max="5"
            step="0.5"
            value={Math.min(5, Math.max(-5, factor))}
            aria-label={`Factor of ${title}`}
            onInput={({ currentTarget }) => input(currentTarget.valueAsNumber)}
          />
          ×
          <input
            type="number"
            min="-20"
            max="20"
            step="0.1"
            value={factor}
            aria-label={`Factor of ${title}, as a number`}
            onChange={({ currentTarget }) => input(currentTarget.valueAsNumber)}
          />
        </span>
      )}
    </li>
  );
}

let stop: AbortController | undefined;
const shownTokens = 10;

async function run(graph: Graph, targets: readonly SteerTarget[]): Promise<void> {
  const { slug, chosen, maxNewTokens, freezeAttention } = steering.value;
  const edits = targets.map(({ key, nodes }) => ({
    nodes: nodes.map((node) => steerName(graph, node)),
    factor: chosen[key] ?? usualFactor,
  }));
  stop = new AbortController();
  const { signal } = stop;
  setSteering({ running: true, problem: '', result: null });
  try {
    const result = await steer({ slug, edits, maxNewTokens, freezeAttention, top: shownTokens }, signal);
    if (getState().document?.slug === slug) setSteering({ running: false, result });
  } catch (error) {
    setSteering({ running: false, problem: signal.aborted ? '' : problemOf(error) });
  }
}

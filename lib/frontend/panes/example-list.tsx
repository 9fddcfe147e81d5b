import { useState } from 'preact/hooks';
import { type Example, type FeatureInfo, type Quantile, strength, stretches } from '../core/graph/feature';
import { short } from '../core/graph/format';

const firstShown = 5;

/** Examples by quantile. The tint of a token shows how strongly the feature activates on it. */
export function ExampleList({ info }: { info: FeatureInfo }) {
  const filled = info.quantiles.filter(({ examples }) => examples.length > 0);
  if (filled.length === 0) return <p class="muted hint">No examples are available.</p>;
  return (
    <>
      {filled.map((quantile) => (
        <QuantileList key={quantile.name} quantile={quantile} info={info} />
      ))}
    </>
  );
}

function QuantileList({ quantile, info }: { quantile: Quantile; info: FeatureInfo }) {
  const [all, setAll] = useState(false);
  const { name, examples } = quantile;
  return (
    <section class="quantile">
      <h4>{name}</h4>
      {(all ? examples : examples.slice(0, firstShown)).map((example, i) => (
        <ExampleText key={i} example={example} info={info} />
      ))}
      {!all && examples.length > firstShown && (
        <button type="button" class="quiet" onClick={() => setAll(true)}>
          {examples.length - firstShown} more
        </button>
      )}
    </section>
  );
}

function ExampleText({ example, info }: { example: Example; info: FeatureInfo }) {
  return (
    <p class="example" data-repeated={example.repeated}>
      {stretches(example).map(({ text, activation, chosen }, i) => {
        const tint = strength(activation, info);
        const shown = text.replaceAll('\n', '⏎').replaceAll('\t', '⇥');
        if (tint === 0 && !chosen) return shown;
        return (
          <mark
            key={i}
            data-chosen={chosen}
            title={short(activation)}
            style={{ '--tint': `${Math.round(tint * 70)}%` }}
          >
            {shown}
          </mark>
        );
      })}
    </p>
  );
}

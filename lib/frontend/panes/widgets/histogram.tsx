import { barOf, type FeatureInfo } from '../../core/graph/feature';
import { short } from '../../core/graph/format';

const width = 200;
const height = 72;

/** The histogram of the feature's activations, with a marker at this node's activation. */
export function Histogram({ info, activation }: { info: FeatureInfo; activation: number }) {
  const { histogram } = info;
  if (histogram.length === 0) return null;
  const tallest = Math.max(...histogram, 1);
  const step = width / histogram.length;
  const marked = barOf(activation, info);
  const label = `Activations from ${short(info.least)} to ${short(info.most)}; this one is ${short(activation)}`;
  return (
    <figure class="histogram">
      <svg viewBox={`0 -6 ${width} ${height + 8}`} role="img" aria-label={label}>
        {histogram.map((count, bar) => {
          const tall = Math.max(count > 0 ? 1 : 0, (count / tallest) * height);
          const place = { x: bar * step, y: height - tall, width: Math.max(0.5, step - 0.5), height: tall };
          return <rect key={bar} data-here={bar === marked} {...place} />;
        })}
        {marked >= 0 && <path class="marker" d={`M${(marked + 0.5) * step} -6V${height}`} />}
      </svg>
      <figcaption>
        <span>{short(info.least)}</span>
        <span>activation {short(activation)}</span>
        <span>{short(info.most)}</span>
      </figcaption>
    </figure>
  );
}

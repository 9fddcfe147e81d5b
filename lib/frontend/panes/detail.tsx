import { useStore } from '../state/hooks';
import { type DetailTab, setState } from '../state/store';
import { FeatureDetail } from './feature-detail';
import { Pane } from './pane';
import { PathsTab } from './paths';
import { SteerTab } from './steer';

const titles: readonly (readonly [DetailTab, string])[] = [
  ['feature', 'Feature'],
  ['paths', 'Paths'],
  ['steer', 'Steer'],
];

export function DetailPane() {
  const tab = useStore((state) => state.detailTab);
  const tabs = (
    <div class="tabs" role="tablist" aria-label="Detail">
      {titles.map(([id, title]) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === tab}
          aria-controls="detail-body"
          data-entry={id === tab ? '' : undefined}
          onClick={() => setState({ detailTab: id })}
        >
          {title}
        </button>
      ))}
    </div>
  );
  return (
    <Pane id="detail" title="Detail" tools={tabs}>
      <div class="detail-body" id="detail-body" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'feature' && <FeatureDetail />}
        {tab === 'paths' && <PathsTab />}
        {tab === 'steer' && <SteerTab />}
      </div>
    </Pane>
  );
}

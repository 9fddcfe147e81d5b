import { useStore } from '../state/hooks';
import { type DetailTab, setState } from '../state/store';
import { FeatureDetail } from './feature-detail';
import { PathsTab } from './paths';
import { SteerTab } from './steer';
import { Pane } from './widgets/pane';
import { Tabs } from './widgets/tabs';

const titles: readonly { readonly id: DetailTab; readonly title: string }[] = [
  { id: 'feature', title: 'Feature' },
  { id: 'paths', title: 'Paths' },
  { id: 'steer', title: 'Steer' },
];

export function DetailPane() {
  const tab = useStore((state) => state.detailTab);
  const choose = (id: DetailTab) => setState({ detailTab: id });
  const tabs = <Tabs label="Detail" tabs={titles} chosen={tab} panel="detail-body" onChoose={choose} />;
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

import { useEffect, useState } from 'preact/hooks';
import { ConnectionsPane } from './panes/connections';
import { DetailPane } from './panes/detail';
import { AboutDialog } from './panes/dialogs/about';
import { CompareDialog } from './panes/dialogs/compare';
import { HelpDialog } from './panes/dialogs/help';
import { LegendDialog } from './panes/dialogs/legend';
import { Header } from './panes/header';
import { LinkGraphPane } from './panes/link-graph';
import { Notices } from './panes/notices';
import { SubgraphPane } from './panes/subgraph';
import { PaneTabs } from './panes/widgets/pane-tabs';
import { Splitters } from './panes/widgets/splitters';
import { useStore } from './state/hooks';
import { openFile } from './state/open';

export function App() {
  const document = useStore((state) => state.document);
  const dialog = useStore((state) => state.dialog);
  return (
    <>
      <Header />
      <Notices />
      {document ? <Panes /> : <Empty />}
      <DropTarget />
      {dialog === 'help' && <HelpDialog />}
      {dialog === 'legend' && <LegendDialog />}
      {dialog === 'about' && <AboutDialog />}
      {dialog === 'compare' && <CompareDialog />}
    </>
  );
}

function Panes() {
  const wide = useStore((state) => state.wide !== '');
  return (
    <>
      <main class="panes" data-wide={wide}>
        <LinkGraphPane />
        <ConnectionsPane />
        <SubgraphPane />
        <DetailPane />
        <Splitters />
      </main>
      <PaneTabs />
    </>
  );
}

function Empty() {
  const loading = useStore((state) => state.loading);
  const problem = useStore((state) => state.problem);
  return (
    <main class="empty">
      <div role="status">
        {loading !== '' && <p>Reading {loading} …</p>}
        {problem !== '' && <p>{problem}</p>}
      </div>
      {problem !== '' && <p class="muted">Choose another graph above, or drop a graph file onto this page.</p>}
    </main>
  );
}

/** Opens a file that is dropped anywhere on the page. */
function DropTarget() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const drag = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      const [file] = event.dataTransfer?.files ?? [];
      setOver(false);
      if (!file) return;
      event.preventDefault();
      void openFile(file);
    };
    const stop = new AbortController();
    addEventListener('dragover', drag, stop);
    addEventListener('dragleave', leave, stop);
    addEventListener('drop', drop, stop);
    return () => stop.abort();
  }, []);
  return over ? <div class="drop-hint">Drop a graph file to open it</div> : null;
}

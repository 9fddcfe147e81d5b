import { render } from 'preact';
import { App } from './app';
import { listenToKeys } from './state/keys';
import { followAddress, openFromAddress, pushAddress } from './state/open';
import { startAutosave } from './state/save';
import { onState } from './state/store';
import { startTheme } from './state/theme';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/link-graph.css';
import './styles/lists.css';
import './styles/subgraph.css';
import './styles/detail.css';
import './styles/steering.css';
import './styles/compare.css';

startTheme();
// Request the graph first, so that it loads while the page is built.
void openFromAddress();
const page = document.getElementById('page');
if (page) render(<App />, page);
listenToKeys();
startAutosave();
onState(pushAddress);
addEventListener('popstate', () => void followAddress());

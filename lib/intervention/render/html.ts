import type { TokenProbability, TopTokenComparison } from '../top-tokens';
import { escapeMarkup, percent, visibleToken } from './markup';

/** The continuations of a text without and with interventions. */
export interface ContinuationComparison {
  readonly prompt: string;
  /** The continuation without interventions. */
  readonly before: string;
  /** The continuation under the interventions. */
  readonly after: string;
}

/** Colours with a contrast of at least 4.5 to their background, in the light and dark theme. */
const style = `<style>
.circuit-tracer-comparison{--ink:#1c2330;--faint:#586174;--paper:#fff;--line:#d5dae3;--before:#8c99ad;--after:#2f6fde;--mark:#dbe8ff;
font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);display:flex;flex-wrap:wrap;gap:16px;padding:12px;border:1px solid var(--line);border-radius:8px}
@media (prefers-color-scheme:dark){.circuit-tracer-comparison{--ink:#e6eaf2;--faint:#a3adbf;--paper:#171b22;--line:#39414f;--before:#7f8ca1;--after:#6ea2ff;--mark:#25406f}}
.circuit-tracer-comparison section{flex:1 1 260px;min-width:0}
.circuit-tracer-comparison h4{margin:0 0 8px;font-size:13px;font-weight:600;color:var(--faint)}
.circuit-tracer-comparison table{width:100%;border-collapse:collapse;table-layout:fixed}
.circuit-tracer-comparison td{padding:2px 4px;vertical-align:middle}
.circuit-tracer-comparison td:first-child{width:38%;font-family:ui-monospace,monospace;overflow:hidden;text-overflow:ellipsis;white-space:pre}
.circuit-tracer-comparison td:last-child{width:62px;text-align:right;font-variant-numeric:tabular-nums}
.circuit-tracer-comparison i{display:block;height:10px;min-width:1px;border-radius:2px;background:var(--before)}
.circuit-tracer-comparison .after i{background:var(--after)}
.circuit-tracer-comparison p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.circuit-tracer-comparison mark{color:inherit;background:var(--mark);border-radius:3px;box-decoration-break:clone;-webkit-box-decoration-break:clone}
</style>`;

/**
 * The likeliest tokens side by side with bars of one scale, as a self-contained HTML fragment.
 */
export function topTokensHtml({ before, after }: TopTokenComparison): string {
  const largest = [...before, ...after].reduce((max, { probability }) => Math.max(max, probability), 0);
  const scale = largest > 0 ? 100 / largest : 0;
  return fragment(tokenTable(before, scale), tokenTable(after, scale));
}

/** Two continuations of a prompt side by side with the new text marked, as a self-contained HTML fragment. */
export function continuationsHtml({ prompt, before, after }: ContinuationComparison): string {
  const text = (added: string) => `<p>${escapeMarkup(prompt)}<mark>${escapeMarkup(added)}</mark></p>`;
  return fragment(text(before), text(after));
}

function fragment(before: string, after: string): string {
  return `<div class="circuit-tracer-comparison">${style}
<section class="before"><h4>Before</h4>${before}</section>
<section class="after"><h4>With interventions</h4>${after}</section>
</div>
`;
}

function tokenTable(tokens: readonly TokenProbability[], scale: number): string {
  const rows = tokens.map(({ token, probability }) => {
    const width = (probability * scale).toFixed(1);
    const name = escapeMarkup(visibleToken(token));
    return `<tr><td title="${name}">${name}</td><td><i style="width:${width}%"></i></td><td>${escapeMarkup(percent(probability))}</td></tr>`;
  });
  return `<table>${rows.join('')}</table>`;
}

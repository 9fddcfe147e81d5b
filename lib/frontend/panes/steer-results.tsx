import type { SteerAnswer } from '../../server/api';
import { unsignedPercent, visibleToken } from '../core/graph/format';
import { type ChanceRow, chanceRows } from '../core/view/steering';

/** The distribution of the next token and the continuation, before and after. */
export function SteerResults({ result }: { result: SteerAnswer }) {
  const rows = chanceRows(result.before, result.after);
  const most = Math.max(...rows.map(({ before, after }) => Math.max(before || 0, after || 0)), 1e-9);
  return (
    <>
      <table class="chances">
        <thead>
          <tr>
            <th scope="col">Next token</th>
            <th scope="col">Before</th>
            <th scope="col">Steered</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Chances key={row.token} row={row} most={most} />
          ))}
        </tbody>
      </table>
      <Continuation title="Before" text={result.continuation.before} />
      <Continuation title="Steered" text={result.continuation.after} />
    </>
  );
}

function Chances({ row, most }: { row: ChanceRow; most: number }) {
  return (
    <tr>
      <th scope="row">{visibleToken(row.token)}</th>
      <Chance value={row.before} most={most} name="before" />
      <Chance value={row.after} most={most} name="after" />
    </tr>
  );
}

function Chance({ value, most, name }: { value: number; most: number; name: string }) {
  const known = Number.isFinite(value);
  return (
    <td>
      <span class="chance-bar" data-name={name} style={{ width: `${known ? (60 * value) / most : 0}%` }} />
      {known ? chanceText(value) : <span class="muted">–</span>}
    </td>
  );
}

function chanceText(value: number): string {
  return value > 0 && value < 0.0005 ? '< 0.1%' : unsignedPercent(value);
}

function Continuation({ title, text }: { title: string; text: string }) {
  if (text === '') return null;
  return (
    <div class="continuation">
      <h4>{title}</h4>
      <p class="prompt">{text}</p>
    </div>
  );
}

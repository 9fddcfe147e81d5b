import { isObject, list, record, text } from '../../../graph-file/json-values';
import { unsignedPercent } from '../../core/graph/format';
import { count } from '../../core/graph/parse';
import { useStore } from '../../state/hooks';
import { Dialog } from '../widgets/dialog';

/** All metadata of the file. */
export function AboutDialog() {
  const document = useStore((state) => state.document);
  if (!document) return null;
  const { graph, metadata, scores, warnings } = document.loaded;
  const { prompt_tokens: _, prompt, ...rest } = metadata;
  return (
    <Dialog title="About this graph">
      <p class="prompt">{text(prompt)}</p>
      <p>
        {count(graph.n, 'node')}, {count(graph.m, 'edge')}, {count(graph.tokens.length, 'token')}. Replacement{' '}
        {unsignedPercent(scores.replacement)}, completeness {unsignedPercent(scores.completeness)} of the file as it is.
      </p>
      {warnings.length > 0 && (
        <ul>
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <table class="facts">
        <tbody>
          {factsOf(rest).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}

function factsOf(value: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, each]): [string, string][] => {
    const name = prefix + key;
    if (isObject(each)) return factsOf(record(each), `${name}.`);
    if (Array.isArray(each)) return each.length === 0 ? [] : [[name, list(each).map(String).join(', ')]];
    return each == null ? [] : [[name, String(each)]];
  });
}

import { GraphText } from './graph-text';

/**
 * A graph file with another view: the value of its top-level member `qParams` is replaced or inserted first. Every
 * other character is unchanged.
 *
 * @param graph the text of the file, a JSON object
 * @param view the view as JSON
 */
export function withView(graph: string | GraphText, view: string): string {
  const whole = typeof graph === 'string' ? new GraphText(graph) : graph;
  const { text } = whole;
  const span = whole.spanOf('qParams');
  if (span) return `${text.slice(0, span.start)} ${view}${text.slice(span.end)}`;
  const start = text.indexOf('{') + 1;
  const separator = /^\s*\}/.test(text.slice(start)) ? '' : ',';
  return `${text.slice(0, start)}\n"qParams": ${view}${separator}${text.slice(start)}`;
}

import { GraphText } from './graph-text';

/**
 * A graph file with another view: the value of its top-level member `qParams` replaced, or put first; every other
 * character stays.
 *
 * @param graph its text, a JSON object
 * @param view JSON
 */
export function withView(graph: string | GraphText, view: string): string {
  const whole = typeof graph === 'string' ? new GraphText(graph) : graph;
  const { text } = whole;
  const place = whole.spanOf('qParams');
  if (place) return `${text.slice(0, place.start)} ${view}${text.slice(place.end)}`;
  const start = text.indexOf('{') + 1;
  const separator = /^\s*\}/.test(text.slice(start)) ? '' : ',';
  return `${text.slice(0, start)}\n"qParams": ${view}${separator}${text.slice(start)}`;
}

import { getState, type Notice, setState } from './store';

export function notify(notice: Notice): void {
  setState({ notices: [...getState().notices.filter(({ text }) => text !== notice.text), notice] });
}

export function dismiss(notice: Notice): void {
  setState({ notices: getState().notices.filter((each) => each !== notice) });
}

export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

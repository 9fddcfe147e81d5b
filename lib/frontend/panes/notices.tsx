import { useStore } from '../state/hooks';
import { dismiss } from '../state/notices';
import { Icon } from './widgets/icon';

/** Messages above the panes until they are closed. */
export function Notices() {
  const notices = useStore((state) => state.notices);
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.text} class="notice" data-kind={notice.kind}>
          <span>{notice.text}</span>
          {notice.actions?.map(({ title, run }) => (
            <button
              key={title}
              type="button"
              onClick={() => {
                dismiss(notice);
                run();
              }}
            >
              {title}
            </button>
          ))}
          <button type="button" class="quiet" aria-label="Close message" onClick={() => dismiss(notice)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}

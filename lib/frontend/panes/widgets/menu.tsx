import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface MenuProps {
  readonly title: string;
  /** Stay open when something inside is chosen, for fields. */
  readonly stays?: boolean;
  readonly children: ComponentChildren;
}

/** Buttons or fields that unfold below a title. Escape, a choice or a click outside closes them. */
export function Menu({ title, stays = false, children }: MenuProps) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const fold = ({ target }: Event) => {
      if (details.current && !details.current.contains(target as Node)) details.current.open = false;
    };
    const stop = new AbortController();
    addEventListener('pointerdown', fold, stop);
    addEventListener('focusin', fold, stop);
    return () => stop.abort();
  }, []);
  const close = () => {
    if (!details.current?.open) return;
    details.current.open = false;
    details.current.querySelector('summary')?.focus();
  };
  return (
    <details
      ref={details}
      class="menu"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !details.current?.open) return;
        event.preventDefault();
        close();
      }}
      onClick={({ target }) => {
        if (!stays && target instanceof HTMLButtonElement) close();
      }}
    >
      <summary>{title}</summary>
      <div class={stays ? 'menu-body fields' : 'menu-body'}>{children}</div>
    </details>
  );
}

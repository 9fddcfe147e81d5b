import type { ComponentChildren } from 'preact';

interface TabsProps<Id extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly id: Id; readonly title: ComponentChildren }[];
  readonly chosen: Id;
  /** The id of the element that shows the chosen tab. */
  readonly panel: string;
  readonly onChoose: (id: Id) => void;
}

/** A row of tabs. Arrow keys move between them. */
export function Tabs<Id extends string>({ label, tabs, chosen, panel, onChoose }: TabsProps<Id>) {
  const go = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const place = tabs.findIndex(({ id }) => id === chosen);
    const { id } = tabs[(place + step + tabs.length) % tabs.length];
    onChoose(id);
    document.getElementById(`tab-${id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={go}>
      {tabs.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          tabIndex={id === chosen ? 0 : -1}
          aria-selected={id === chosen}
          aria-controls={panel}
          data-entry={id === chosen ? '' : undefined}
          onClick={() => onChoose(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

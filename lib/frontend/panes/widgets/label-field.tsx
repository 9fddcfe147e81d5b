import { rename } from '../../state/edit';

/** An editable label. Enter or leaving the field keeps the text, Escape restores the old one. */
export function LabelField({ target, value, name }: { target: string; value: string; name: string }) {
  const keep = (input: HTMLInputElement) => {
    if (input.value.trim() !== value) rename(target, input.value);
  };
  return (
    <label class="label-field">
      {name}
      <input
        id="label"
        type="text"
        autocomplete="off"
        maxLength={300}
        defaultValue={value}
        key={value}
        placeholder="none"
        onBlur={({ currentTarget }) => keep(currentTarget)}
        onKeyDown={(event) => {
          const { currentTarget } = event;
          if (event.key === 'Escape') currentTarget.value = value;
          if (event.key !== 'Enter' && event.key !== 'Escape') return;
          event.preventDefault();
          event.stopPropagation();
          currentTarget.blur();
        }}
      />
    </label>
  );
}

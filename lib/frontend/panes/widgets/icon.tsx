/** Strokes on a grid of 16 by 16. Symbols from fonts differ between systems or are missing. */
const paths = {
  reload: 'M13 8a5 5 0 1 1-1.5-3.6M13.2 2.2v3.2H10',
  info: 'M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 7.2v4M8 4.6v.4',
  undo: 'M5.6 2.8 2.6 5.8l3 3M2.8 5.8H9a3.6 3.6 0 0 1 0 7.2H5.4',
  redo: 'm10.4 2.8 3 3-3 3M13.2 5.8H7A3.6 3.6 0 0 0 7 13h3.6',
  widen: 'M9.5 2.5h4v4M13.3 2.7 9.4 6.6M6.5 13.5h-4v-4M2.7 13.3l3.9-3.9',
  narrow: 'M13.3 6.6h-4v-4M9.4 6.5l3.9-3.9M2.7 9.4h4v4M6.6 9.5l-3.9 3.9',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3',
  close: 'm4 4 8 8M12 4l-8 8',
  pin: 'M8 9.5V14M5 9.5h6L9.8 7V2.5H6.2V7Z',
  light:
    'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.6v1.6M8 12.8v1.6M1.6 8h1.6M12.8 8h1.6M3.5 3.5l1.1 1.1M11.4 11.4l1.1 1.1M12.5 3.5l-1.1 1.1M4.6 11.4l-1.1 1.1',
  dark: 'M12.9 9.6A5.5 5.5 0 0 1 6.4 3.1a5.5 5.5 0 1 0 6.5 6.5Z',
  auto: 'M8 13.6A5.6 5.6 0 1 0 8 2.4a5.6 5.6 0 0 0 0 11.2ZM8 2.6v10.8M9.8 3.4v9.2M11.6 4.6v6.8',
  help: 'M5.2 5.6a2.8 2.8 0 1 1 4.2 2.5C8.4 8.7 8 9.2 8 10.2M8 12.8v.4',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

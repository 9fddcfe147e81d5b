import { Signal } from './signal';

export type Theme = 'auto' | 'light' | 'dark';

const key = 'attribution-graphs-theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');

export const theme = new Signal<Theme>(kept());

/** The current theme: chosen by the reader, or the system's. */
export const shownTheme = new Signal<'light' | 'dark'>('light');

/** Follow the reader's choice and the system's theme. */
export function startTheme(): void {
  const apply = () => {
    const dark = theme.value === 'dark' || (theme.value === 'auto' && systemDark.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    shownTheme.set(dark ? 'dark' : 'light');
  };
  systemDark.addEventListener('change', apply);
  theme.subscribe(apply);
  apply();
}

export function setTheme(next: Theme): void {
  theme.set(next);
  try {
    localStorage.setItem(key, next);
  } catch {
    // Apply the theme even if the browser cannot store it.
  }
}

function kept(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

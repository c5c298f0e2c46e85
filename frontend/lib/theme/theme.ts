import type { Theme } from "@/lib/colour/ramp";

export const THEME_CHOICES = ["system", "light", "dark"] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];

const KEY = "mav-theme";
const DARK_QUERY = "(prefers-color-scheme: dark)";

/** Sets a chosen theme before the page is painted; without one the style sheet asks the system. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${KEY}");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}`;

/** The same for a page of one file, whose styles stand before its first paint. */
export function restoreTheme(): void {
  try {
    const theme = localStorage.getItem(KEY);
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // A page opened from a disk may be denied any memory.
  }
}

const listeners = new Set<() => void>();

export function chosenTheme(): ThemeChoice {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

export function shownTheme(): Theme {
  const choice = chosenTheme();
  if (choice !== "system") return choice;
  return window.matchMedia?.(DARK_QUERY).matches ? "dark" : "light";
}

export function chooseTheme(choice: ThemeChoice): void {
  const { dataset } = document.documentElement;
  if (choice === "system") delete dataset.theme;
  else dataset.theme = choice;
  try {
    if (choice === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // A browser that keeps nothing still shows the theme until the page is left.
  }
  for (const listener of listeners) listener();
}

/** Calls back when the shown theme changes, by choice or by the system. */
export function onThemeChange(listener: () => void): () => void {
  const query = window.matchMedia?.(DARK_QUERY);
  listeners.add(listener);
  query?.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    query?.removeEventListener("change", listener);
  };
}

/** Show a theme for as long as `work` takes, whatever was chosen. */
export async function withTheme<T>(theme: Theme, work: () => Promise<T>): Promise<T> {
  const { dataset } = document.documentElement;
  const before = dataset.theme;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  // Nothing fades from one theme to the other while it is looked at.
  const still = document.createElement("style");
  still.textContent = "*,::before,::after{transition:none!important}";
  document.head.append(still);
  dataset.theme = theme;
  tell();
  try {
    return await work();
  } finally {
    still.remove();
    if (before === undefined) delete dataset.theme;
    else dataset.theme = before;
    tell();
  }
}

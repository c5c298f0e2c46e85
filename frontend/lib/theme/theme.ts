import { mediaMatches } from "@/lib/browser/media";
import { localStore, onOtherTab } from "@/lib/browser/storage";
import type { Theme } from "@/lib/colour/ramp";

export const THEME_CHOICES = ["system", "light", "dark"] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];

const KEY = "mav-theme";
const DARK_QUERY = "(prefers-color-scheme: dark)";

/** Sets a chosen theme before the page is painted; without one the style sheet asks the system. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${KEY}");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}`;

/** The same for a page of one file, whose styles stand before its first paint. */
export function restoreTheme(): void {
  applyTheme(localStore.getItem(KEY));
}

const listeners = new Set<() => void>();

export function chosenTheme(): ThemeChoice {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

export function shownTheme(): Theme {
  const choice = chosenTheme();
  if (choice !== "system") return choice;
  return mediaMatches(DARK_QUERY) ? "dark" : "light";
}

export function chooseTheme(choice: ThemeChoice): void {
  // A browser that stores nothing still shows the theme until the page is left.
  if (choice === "system") localStore.removeItem(KEY);
  else localStore.setItem(KEY, choice);
  applyTheme(choice);
}

/** Shows the theme that another tab chooses; ends with the function it returns. */
export const followTheme = (): (() => void) => onOtherTab(KEY, applyTheme);

/** Prints dark pages in light colours, pictures included; ends with the function it returns. */
export function lightOnPaper(): () => void {
  let before: string | undefined;
  const show = (theme: string | undefined) => applyTheme(theme ?? null);
  const onBefore = () => {
    before = document.documentElement.dataset.theme;
    show("light");
  };
  const onAfter = () => show(before);
  window.addEventListener("beforeprint", onBefore);
  window.addEventListener("afterprint", onAfter);
  return () => {
    window.removeEventListener("beforeprint", onBefore);
    window.removeEventListener("afterprint", onAfter);
  };
}

function applyTheme(theme: string | null): void {
  const { dataset } = document.documentElement;
  if (theme === "light" || theme === "dark") dataset.theme = theme;
  else delete dataset.theme;
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

import { createStore } from "zustand/vanilla";
import { mediaMatches } from "@/lib/browser/media";
import { localStore, onOtherTab } from "@/lib/browser/storage";
import type { Theme } from "@/lib/colour/ramp";

export const THEME_CHOICES = ["system", "light", "dark"] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];

const KEY = "mav-theme";
const DARK_QUERY = "(prefers-color-scheme: dark)";

/**
 * An inline script that applies the chosen theme before the first paint. By default the style sheet
 * follows the system.
 */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${KEY}");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}`;

interface ThemeState {
  readonly choice: ThemeChoice;
  /** Overrides the choice, for printing and while a picture is made. */
  readonly forced: Theme | null;
}

const themeStore = createStore<ThemeState>(() => ({ choice: choiceInDocument(), forced: null }));

// The first subscriber, so that the document is updated before others are notified.
themeStore.subscribe(({ choice, forced }) => {
  const { dataset } = document.documentElement;
  const theme = forced ?? choice;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
});

/** Returns the choice that THEME_SCRIPT applied; "system" on the server. */
function choiceInDocument(): ThemeChoice {
  return typeof document === "undefined"
    ? "system"
    : choiceNamed(document.documentElement.dataset.theme);
}

function choiceNamed(name: string | null | undefined): ThemeChoice {
  return THEME_CHOICES.find((choice) => choice === name) ?? "system";
}

/** Applies the chosen theme in the standalone page, which does not have THEME_SCRIPT. */
export function restoreTheme(): void {
  themeStore.setState({ choice: choiceNamed(localStore.getItem(KEY)) });
}

export const chosenTheme = (): ThemeChoice => themeStore.getState().choice;

export function shownTheme(): Theme {
  const { choice, forced } = themeStore.getState();
  const theme = forced ?? choice;
  if (theme !== "system") return theme;
  return mediaMatches(DARK_QUERY) ? "dark" : "light";
}

export function chooseTheme(choice: ThemeChoice): void {
  // Without storage, the theme is shown until the page is left.
  if (choice === "system") localStore.removeItem(KEY);
  else localStore.setItem(KEY, choice);
  themeStore.setState({ choice });
}

/** Follows the theme chosen in another tab. Returns a function that stops following. */
export const followTheme = (): (() => void) =>
  onOtherTab(KEY, (name) => themeStore.setState({ choice: choiceNamed(name) }));

/**
 * Prints the page in the light theme, canvases included. Returns a function that removes the
 * listeners.
 */
export function lightOnPaper(): () => void {
  const onBefore = () => themeStore.setState({ forced: "light" });
  const onAfter = () => themeStore.setState({ forced: null });
  window.addEventListener("beforeprint", onBefore);
  window.addEventListener("afterprint", onAfter);
  return () => {
    window.removeEventListener("beforeprint", onBefore);
    window.removeEventListener("afterprint", onAfter);
  };
}

/**
 * Calls `listener` when the shown theme changes, by choice or by the system. Returns a function
 * that removes it.
 */
export function onThemeChange(listener: () => void): () => void {
  const query = window.matchMedia?.(DARK_QUERY);
  const stop = themeStore.subscribe(listener);
  query?.addEventListener("change", listener);
  return () => {
    stop();
    query?.removeEventListener("change", listener);
  };
}

/** Shows a theme while `work` runs, then restores the current one. */
export async function withTheme<T>(theme: Theme, work: () => Promise<T>): Promise<T> {
  // Transitions would still show colours of the other theme.
  const still = document.createElement("style");
  still.textContent = "*,::before,::after{transition:none!important}";
  document.head.append(still);
  themeStore.setState({ forced: theme });
  try {
    return await work();
  } finally {
    still.remove();
    themeStore.setState({ forced: null });
  }
}

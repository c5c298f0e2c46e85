"use client";

import { useSyncExternalStore } from "react";
import type { Theme } from "@/lib/colour/ramp";
import { chosenTheme, onThemeChange, shownTheme, type ThemeChoice } from "./theme";

/** Returns the theme that is shown, for colours that are computed rather than styled. */
export const useShownTheme = (): Theme =>
  useSyncExternalStore(onThemeChange, shownTheme, () => "light");

export const useChosenTheme = (): ThemeChoice =>
  useSyncExternalStore(onThemeChange, chosenTheme, () => "system");

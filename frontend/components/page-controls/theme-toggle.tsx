"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { Segmented } from "@/components/ui/segmented";
import { chooseTheme, THEME_CHOICES } from "@/lib/theme/theme";
import { useChosenTheme } from "@/lib/theme/use-theme";
import { words } from "./words";

const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

export function ThemeToggle() {
  const choice = useChosenTheme();
  return (
    <Segmented
      label={words.theme.label}
      value={choice}
      options={THEME_CHOICES.map((value) => {
        const Icon = ICONS[value];
        return { value, title: words.theme[value], label: <Icon size={14} aria-hidden /> };
      })}
      onChange={chooseTheme}
    />
  );
}

"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { Segmented } from "@/components/ui/segmented";
import { text } from "@/lib/text";
import { chooseTheme, THEME_CHOICES } from "@/lib/theme/theme";
import { useChosenTheme } from "@/lib/theme/use-theme";

const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

export function ThemeToggle() {
  const choice = useChosenTheme();
  return (
    <Segmented
      label={text.theme.label}
      value={choice}
      options={THEME_CHOICES.map((value) => {
        const Icon = ICONS[value];
        return { value, title: text.theme[value], label: <Icon size={14} aria-hidden /> };
      })}
      onChange={chooseTheme}
    />
  );
}

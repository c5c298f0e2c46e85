"use client";

import { useRef } from "react";
import { useFocusAfterRemount } from "@/components/ui/focus-after-remount";
import { Segmented } from "@/components/ui/segmented";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES, type Language } from "@/lib/i18n/language";
import { useLanguage } from "@/lib/i18n/use-language";
import { words } from "./words";

export function LanguageChoice() {
  const language = useLanguage();
  const group = useRef<HTMLDivElement>(null);
  const keepFocus = useFocusAfterRemount("language", () =>
    group.current?.querySelector<HTMLElement>("[aria-pressed=true]")?.focus(),
  );
  const choose = (chosen: Language) => {
    keepFocus();
    void chooseLanguage(chosen);
  };
  return (
    <div ref={group}>
      <Segmented
        label={words.language.label}
        value={language}
        options={LANGUAGES.map((value) => ({
          value,
          title: LANGUAGE_NAMES[value],
          label: value.toUpperCase(),
        }))}
        onChange={choose}
      />
    </div>
  );
}

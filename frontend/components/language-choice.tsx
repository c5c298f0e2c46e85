"use client";

import { useEffect, useRef } from "react";
import { Segmented } from "@/components/ui/segmented";
import { text } from "@/lib/text";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES, type Language } from "@/lib/text/language";
import { useLanguage } from "@/lib/text/use-language";

/** Whether a person chose here, and so stands here when the page is made anew. */
let chosenHere = false;

export function LanguageChoice() {
  const language = useLanguage();
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosenHere) group.current?.querySelector<HTMLElement>("[aria-pressed=true]")?.focus();
    chosenHere = false;
  }, []);
  const choose = (chosen: Language) => {
    chosenHere = true;
    void chooseLanguage(chosen);
  };
  return (
    <div ref={group}>
      <Segmented
        label={text.language.label}
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

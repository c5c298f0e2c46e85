import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: "Glossar",
  introduction:
    "Die Begriffe dieser Seite und ihrer Dokumentation. Schichten und Köpfe werden ab 0 gezählt.",
  terms: "Begriffe",
  link: "Glossar",
  newTab: "(öffnet einen neuen Tab)",
};

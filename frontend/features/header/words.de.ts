import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  shortcuts: {
    open: "Tastenkürzel",
  },
  save: {
    open: "Speichern",
    hint: "Lauf speichern oder öffnen",
  },
  views: {
    label: "Ansichten",
    names: { instrument: "Instrument", compare: "Vergleich", chat: "Chat" },
    back: "Zurück zum Instrument",
  },
};

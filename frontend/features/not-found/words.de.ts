import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: "Seite nicht gefunden",
  detail: "Unter dieser Adresse gibt es keine Seite. Vielleicht ist der Link falsch oder veraltet.",
  home: "Instrument öffnen",
};

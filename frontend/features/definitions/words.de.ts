import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  list: (count) =>
    count === 1
      ? "Erklärung des Begriffs in diesem Teil"
      : `Erklärungen von ${count} Begriffen in diesem Teil`,
  short: "Erklärungen",
  place: (place, of) => `${place} von ${of}`,
  keys: "Pfeiltasten: nächster Begriff. Enter: Glossar. Escape: schließen.",
  said: (term, text) => `${term}: ${text}`,
};

import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  start: "Präsentieren",
  end: "Präsentation beenden",
  hint: "Größere Schrift für einen Beamer (F)",
};

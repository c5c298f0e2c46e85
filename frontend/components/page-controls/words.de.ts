import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  back: "Zurück zur Seite",
  theme: {
    label: "Farbschema",
    system: "Wie das System",
    light: "Hell",
    dark: "Dunkel",
  },
  language: {
    label: "Sprache",
  },
};

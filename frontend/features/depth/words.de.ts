import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  label: "Tiefe",
  names: { look: "Ansehen", explain: "Erklären", measure: "Messen" },
  hints: {
    look: "In einfachen Worten",
    explain: "Mit den Fachbegriffen",
    measure: "Mit Einheiten, Messpunkten und Formeln",
  },
};

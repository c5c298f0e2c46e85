import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  invitation: "Neu hier?",
  take: "Sechs kurze Kapitel",
  open: "Kapitel",
  dismiss: "Nein danke",
  forTeachers: "Kapitel für Lehrkräfte",
  newTab: "(öffnet einen neuen Tab)",
};

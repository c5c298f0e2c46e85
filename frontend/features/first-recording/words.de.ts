import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  mark: (model) => `Eine Aufzeichnung von ${model}`,
  detail: "Starte einen Lauf mit eigenem Text oder:",
  close: "Aufzeichnung schließen",
};

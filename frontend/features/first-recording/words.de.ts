import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  mark: (model) => `Aufzeichnung von ${model}`,
  detail: "Eigener Text oder:",
  close: "Aufzeichnung schließen",
};

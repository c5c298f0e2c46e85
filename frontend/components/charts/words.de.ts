import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  layers: (first, last) => (first === last ? `Schicht ${first}` : `Schichten ${first}–${last}`),
};

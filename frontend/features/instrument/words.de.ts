import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  examples: {
    title: "Oder beginne mit einem dieser Anfänge (das Modell kann nur Englisch)",
    prompts: [
      "Once upon a time, there was a little",
      "Lily found a big red ball in the garden. She",
      "The dragon was sad because",
    ],
  },
  trainings: {
    example: "Einem Modell beim Schreibenlernen zusehen",
    shortExample: "Ein Modell lernt",
    live: "Dem Training auf diesem Server zusehen",
  },
};

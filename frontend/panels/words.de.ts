import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  notMeasured: {
    title: "In diesem Lauf wurde das nicht gemessen.",
    again: "Lass dieses Panel offen und starte neu, um es zu messen.",
    waiting: "Messwerte erscheinen mit dem ersten Token eines Laufs.",
  },
  notCaptured: (title: string) =>
    `In diesem Lauf wurde nicht gemessen, was „${title}“ zeigt. Lass das Panel offen und starte neu.`,
};

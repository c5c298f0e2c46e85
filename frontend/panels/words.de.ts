import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  notMeasured: {
    title: "In diesem Lauf wurde das nicht gemessen.",
    again: "Lass dieses Panel offen und starte neu, um es zu messen.",
    waiting: "Messwerte erscheinen mit dem ersten Token eines Laufs.",
  },
  notAvailable: {
    title: "Nicht verfügbar von diesem Server.",
    layers: "Er sendet den Text, aber nichts aus den Schichten des Modells.",
    vocabulary: "Er sendet nur die wahrscheinlichsten Token, nicht das ganze Vokabular.",
    logprobs: "Er sendet keine Wahrscheinlichkeiten von Token.",
    given: "Dieser Teil des Textes wurde ihm vorgegeben; er misst nur, was er selbst schreibt.",
  },
  notCaptured: (title: string) =>
    `In diesem Lauf wurde nicht gemessen, was „${title}“ zeigt. Lass das Panel offen und starte neu.`,
};

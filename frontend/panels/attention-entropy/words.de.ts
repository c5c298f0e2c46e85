import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Attention-Entropie",
  inWords:
    "Jede Zelle ist ein Teil des Modells, der auf den Text zurückblickt. Niedrig: Er achtet auf eine Stelle. Hoch: auf viele.",
  unit: "Nat",
  hookPoint: "Attention-Muster, letzte Query",
  howToRead:
    "Eine Zelle pro Kopf. Niedrig: Der Kopf achtet auf wenige Token. Hoch: auf viele, höchstens ln(Anzahl der Keys).",
  caution:
    "Worauf ein Kopf achtet, ist nicht, was er nutzt: Die Entropie zeigt weder, was er dort abruft, noch, ob später etwas davon abhängt.",
  head: "Kopf",
  layer: "Schicht",
  ceiling: (value) => `Maximum jetzt ${value}`,
  cell: (layer, head) => `Schicht ${layer}, Kopf ${head}`,
  value: (value, share) => `${value} Nat, ${share} des Maximums`,
  absent: "hier keine Attention",
  pictureLabel: "Attention-Entropie nach Schicht und Kopf. Pfeiltasten wechseln die Zelle.",
  summary: (low, high) => `Niedrigster Wert ${low}. Höchster ${high}.`,
  notCaptured: "In diesem Lauf wurde die Attention-Entropie nicht gemessen.",
  choose: "Zeige auf eine Zelle.",
};

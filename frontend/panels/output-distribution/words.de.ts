import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Ausgabeverteilung",
  unit: "Wahrscheinlichkeit",
  hookPoint: "Softmax der Logits",
  howToRead:
    "Die gesamte Wahrscheinlichkeit, wahrscheinlichste Token zuerst. Hohe erste Säule: Das Modell ist sicher. Gestrichelt: kumulierte Summe.",
  caution:
    "Sicher heißt nicht richtig: Eine schmale Verteilung zeigt, was das Modell erwartet, nicht, was wahr ist.",
  columns: ["ab Rang", "bis Rang", "Wahrscheinlichkeit", "kumulierte Summe"],
  entropy: "Nat Entropie",
  effective: "effektive Token",
  kept: (n) => `von ${n} beim Sampling möglich`,
  keptUnknown: "beim Sampling möglich",
  rank: (low, high) => (low === high ? `Rang ${low}` : `Ränge ${low}–${high}`),
  axis: "Rang",
  cumulative: "kumulierte Summe",
  summary: (first, entropy) =>
    `Auf das wahrscheinlichste Token entfallen ${first} der Wahrscheinlichkeit; Entropie ${entropy} Nat.`,
};

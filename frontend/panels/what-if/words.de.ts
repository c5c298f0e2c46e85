import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: "Was wäre, wenn",
  unit: "Wahrscheinlichkeit",
  hookPoint: "Logits",
  howToRead:
    "Wie wahrscheinlich jeder Kandidat mit anderen Sampling-Einstellungen wäre, hier aus den Logits berechnet. Strich: die Wahrscheinlichkeit im Lauf.",
  caution:
    "Nur dieses Token wird neu berechnet. Mit einem anderen Token ginge der Text anders weiter, was nur ein Lauf zeigen kann.",
  controls: "Sampling-Einstellungen zum Ausprobieren",
  names: { temperature: "Temperatur", top_k: "Top-k", top_p: "Top-p", min_p: "Min-p" },
  off: "aus",
  greedy: "greedy",
  inRun: (value) => `Lauf: ${value}`,
  reset: "Wie im Lauf",
  possible: (count) => `${count} Token möglich`,
  atLeast: (count) => `mindestens ${count} Token möglich`,
  change: (label, before, after) => `${label}: ${before} → ${after}`,
  token: "Token",
  run: "Lauf %",
  now: "jetzt %",
  cut: (control) => `entfernt durch ${control}`,
  maybe: (control) => `vielleicht entfernt durch ${control}`,
  others: (count) => `${count} andere`,
  exact: "Genau: Kein Token außerhalb der Liste kann gezogen werden.",
  within: (points) =>
    `Auf ±${points} Prozentpunkte genau. Von den Token außerhalb der Liste sind nur die Summen von Rangbereichen bekannt.`,
  list: "Kandidaten mit den ausprobierten Einstellungen",
  said: "gewählt",
  columns: [
    "Rang",
    "ID",
    "Token",
    "Logit",
    "im Lauf",
    "mindestens",
    "höchstens",
    "entfernt durch",
    "entschieden",
  ],
};

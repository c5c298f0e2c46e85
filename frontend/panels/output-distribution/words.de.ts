import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Ausgabeverteilung",
  inWords:
    "Wie sicher sich das Modell war. Ein hoher Balken: Es erwartete eine Fortsetzung. Viele niedrige: Viele kamen infrage.",
  unit: "Wahrscheinlichkeit",
  hookPoint: "Softmax der Logits",
  howToRead:
    "Balken: wie sich die gesamte Wahrscheinlichkeit auf das wahrscheinlichste Token, die nächsten und so weiter verteilt. Linie: wie wahrscheinlich ein einzelnes Token jedes Rangs ist; beide Achsen sind logarithmisch.",
  caution:
    "Sicher heißt nicht richtig: Eine schmale Verteilung zeigt, was das Modell erwartet, nicht, was wahr ist.",
  columns: ["ab Rang", "bis Rang", "Wahrscheinlichkeit", "Mittel je Token", "kumulierte Summe"],
  entropy: "Nat Entropie",
  effective: "effektive Token",
  kept: (n) => `von ${n} beim Sampling möglich`,
  keptUnknown: "beim Sampling möglich",
  rank: (low, high) => (low === high ? `Rang ${low}` : `Ränge ${low}–${high}`),
  range: (low, high) => (low === high ? `${low}` : `${low}–${high}`),
  from: (low) => `ab ${low}`,
  each: (percent) => `je ${percent}`,
  together: (percent) => `zusammen ${percent}`,
  chosen: "Das gewählte Token",
  axis: "Rang",
  cumulative: "bis hier",
  summary: (first, entropy) =>
    `Auf das wahrscheinlichste Token entfallen ${first} der Wahrscheinlichkeit; Entropie ${entropy} Nat.`,
};

import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Attention im Text",
  inWords: "Wohin das Modell blickte, als es das Stück wählte: je kräftiger die Farbe, desto mehr.",
  unit: "Anteil der Attention",
  hookPoint: "Attention-Muster, letzte Query",
  howToRead:
    "Worauf das Modell achtete, als es das Token vorhersagte: je kräftiger die Farbe, desto mehr Attention.",
  caution:
    "Attention ist keine Erklärung: Sie zeigt, woher Informationen kommen können, nicht, was davon genutzt wurde oder ob es wichtig war.",
  from: "von",
  to: "Vorhersage:",
  start: "der Anfang",
  nothing: "noch nichts",
  query: "Attention von diesem Token aus",
  listLabel: (reading: string, top: string) =>
    `Attention im Text, ${reading}. Am stärksten: ${top}. Pfeiltasten wechseln das Token.`,
  strongest: "Am stärksten:",
  outside: (above: string, below: string) =>
    `Außerhalb des Ausschnitts: ${above}\u00a0% darüber, ${below}\u00a0% darunter`,
  place: (place: number) => `Position ${place}`,
  later: "später geschrieben",
  columns: ["Position", "Token", "Anteil der Attention"] as const,
};

import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Verläufe",
  inWords:
    "Wie sicher sich das Modell war, und andere Zahlen, über den ganzen Text. Ein Klick wählt ein Stück.",
  unit: "bei jeder Linie angegeben",
  hookPoint: "beliebiger Skalar eines Tokens",
  howToRead:
    "Ein Wert pro Token, über den ganzen Lauf. Klicke, ziehe oder nutze die Pfeiltasten, um ein Token auszuwählen.",
  caution:
    "Linien mit ähnlichem Verlauf müssen nicht zusammenhängen: Vergleiche ihre Skalen und probiere einen anderen Seed.",
  kinds: {
    prob: { name: "Wahrscheinlichkeit", unit: "des gewählten Tokens" },
    entropy: { name: "Entropie", unit: "Nat" },
    rank: { name: "Rang", unit: "des gewählten Tokens" },
    effective: { name: "Effektive Token", unit: "Token" },
    resid: { name: "Residualnorm", unit: "" },
    mlp: { name: "MLP-Norm", unit: "" },
    attn: { name: "Attention-Norm", unit: "" },
    head: { name: "Entropie eines Kopfs", unit: "Nat" },
    step_ms: { name: "Schrittdauer", unit: "ms" },
    capture_ms: { name: "Messdauer", unit: "ms" },
  },
  quantity: "Größe",
  layer: "Schicht",
  head: "Kopf",
  out: "Ausgang",
  atLayer: (layer: string) => `Schicht ${layer}`,
  atHead: (layer: number, head: number) => `Kopf ${layer}.${head}`,
  add: "Hinzufügen",
  addLabel: "Eine Linie hinzufügen",
  full: "Entferne eine Linie, um eine andere hinzuzufügen.",
  remove: (name: string) => `${name} entfernen`,
  empty: "Füge eine Linie hinzu, um sie hier zu sehen.",
  absent: "fehlt in diesem Lauf",
  chart: (name: string, unit: string, tokens: number) => `${name} (${unit}) über ${tokens} Token.`,
  range: (low: string, at: number, high: string, atHigh: number) =>
    `Von ${low} (Token ${at}) bis ${high} (Token ${atHigh}).`,
  slider: "Token, das die Panels zeigen",
  at: (step: number, label: string) => `Token ${step}, „${label}“`,
  noToken: "noch kein Token",
  axis: "Token",
  grew: (step: number) => `Skala erweitert bei Token ${step}`,
  log: "logarithmisch",
  columns: ["Token", "Text"] as const,
};

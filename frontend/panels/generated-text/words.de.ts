import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Generierter Text",
  inWords:
    "Das Modell schreibt Stück für Stück. Je kräftiger die Farbe, desto sicherer war es sich. Wähle ein Stück, um zu sehen, wie es dazu kam.",
  unit: "Wahrscheinlichkeit",
  hookPoint: "Softmax der Logits",
  howToRead:
    "Jedes Feld ist ein Token. Je kräftiger die Farbe, desto höher seine Wahrscheinlichkeit. Alle Panels zeigen das gewählte.",
  caution:
    "Wahrscheinlich heißt nicht wahr: Ein kräftig gefärbtes Feld zeigt, was das Modell nach diesem Text erwartet, nicht, dass es stimmt.",
  columns: [
    "Position",
    "Art",
    "ID",
    "Token",
    "Wahrscheinlichkeit",
    "Logprob",
    "Rang",
    "Entropie (Nat)",
  ],
  prompt: "grau: dein Prompt",
  shade: "Farbe:",
  unlikely: "0\u00a0%",
  likely: "100\u00a0%",
  empty: "Gib einen Prompt ein und klicke auf Start.",
  emptyDetail:
    "Das Modell schreibt ein Token nach dem anderen. Die Panels darunter zeigen, was bei jedem Token im Modell geschah.",
  sentence: {
    unknown: (token) => `${token}: Der Server hat keine Wahrscheinlichkeit gesendet.`,
    certain: (token) => `Es ist sicher: ${token}.`,
    expects: (token, next) => `Es erwartet ${token}, dann ${next}.`,
    hesitates: (token, next) => `Es zögert: ${token}, ${next}.`,
    quoted: (token) => `„${token}“`,
    drew: (token, likeliest) => `Gezogen wurde ${token}. Am wahrscheinlichsten: ${likeliest}.`,
    forced: (token, likeliest) => `Von dir gesetzt: ${token}. Am wahrscheinlichsten: ${likeliest}.`,
    choose: "Wähle ein anderes:",
  },
  listLabel: "Token des Prompts und des generierten Textes",
};

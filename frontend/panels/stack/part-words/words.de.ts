import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  place: (band, label) => `Schicht ${band} bei „${label}“`,
  places: (band, label) => `Schichten ${band} bei „${label}“`,
  attention: (share) =>
    `Attention addiert einen Vektor von ${share}-facher Größe des Stroms vor der Schicht`,
  reads: (sources) => `und liest ${sources}`,
  readsInOneLayer: (sources) =>
    `und liest (je Token der größte Anteil in einer dieser Schichten) ${sources}`,
  readsNothing: "und liest kein Token mit mehr als 4\u00a0%",
  noAttention: "keine Attention",
  mlp: (share) =>
    `das MLP addiert einen Vektor von ${share}-facher Größe des Stroms vor der Schicht`,
  noMlp: "kein MLP",
  stream: (before, after) => `die Größe des Residualstroms ändert sich von ${before} auf ${after}`,
  lens: (label, share, rank) =>
    `wäre sie die letzte Schicht, würde „${label}“ vorhergesagt (${share}), und das gewählte Token hat Rang ${rank}`,
  lensInPrompt: (label, share, rank) =>
    `wäre sie die letzte Schicht, würde „${label}“ vorhergesagt (${share}), und das nächste Token des Prompts hat Rang ${rank}`,
  notMeasured: (label) =>
    `„${label}“ wurde nicht gemessen. Von einem Prompt werden höchstens die letzten 64 Token gemessen.`,
  differenceLegend:
    "Schattierung: Abstand der Residualströme von A und B, voll ab 100\u00a0% der Größe von A",
  path: "Teile des Modells",
  model: "Modell",
  head: (head) => `Kopf ${head}`,
  headsLabel: (layer) => `Köpfe von Schicht ${layer}`,
  headColumns: { head: "Kopf", reads: "liest am meisten von", first: "erstes Token, %" },
  mlpLabel: (layer) => `Was das MLP von Schicht ${layer} bei jedem Token hinzufügt`,
  mlpColumns: { token: "Token", size: "Größe", share: "relativ zum Strom" },
  weightsLabel: (layer, head) =>
    `Attention-Gewichte von Schicht ${layer}, Kopf ${head}, nach Token`,
  weightColumns: { position: "Position", token: "Token", weight: "Gewicht, %" },
  headReads: (sources) => `Dieser Kopf liest ${sources}.`,
  fewWeights:
    "Dieser Lauf hat von jedem Kopf die stärkste Quelle gemessen. Ein neuer Lauf mit demselben Seed misst alle Gewichte.",
  measureWeights: "Alle Gewichte messen",
  layerName: (layer) => `Schicht ${layer}`,
};

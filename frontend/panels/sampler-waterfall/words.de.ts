import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Sampling-Wasserfall",
  inWords: "Von links nach rechts: wie die Auswahl eingeengt wurde, bis ein Stück gezogen wurde.",
  unit: "Wahrscheinlichkeit",
  hookPoint: "Logits nach jedem Sampling-Schritt",
  howToRead:
    "Von links nach rechts ändert oder entfernt jeder Schritt Kandidaten. Token mit einem Balken in der letzten Spalte konnten gewählt werden.",
  caution:
    "Das zeigt, wie das Token gewählt wurde, nicht, warum das Modell diese Wahrscheinlichkeiten ausgab. Die Ziehung selbst ist zufällig.",
  tableLabel: "Kandidaten nach jedem Sampling-Schritt",
  token: "Token",
  raw: "Modell",
  left: (n: string) => `${n} übrig`,
  of: (n: string) => `${n} Token`,
  cut: (control: string) => `entfernt: ${control}`,
  said: "gewählt",
  forced: "vorgegeben",
  others: "alle anderen",
  none: "keine",
  grew: "mehr",
  fell: "weniger",
  off: "Aus:",
  idle: "Aktiv, bei diesem Token ohne Wirkung:",
  noStage:
    "Kein Schritt ist aktiv: Das Token wird direkt aus den Wahrscheinlichkeiten des Modells gezogen.",
  sum: (kept: string, of: string) => `${kept} von ${of} Token konnten gewählt werden.`,
  columns: ["Token", "ID", "Modell"] as const,
  cutBy: "entfernt durch",
  controls: {
    repetition_penalty: "Repetition Penalty",
    no_repeat_ngram: "No-Repeat-N-Gramm",
    min_new_tokens: "Min. neue Token",
    block_eos: "Textende sperren",
    block_ws: "Whitespace sperren",
    temperature: "Temperatur",
    top_k: "Top-k",
    top_p: "Top-p",
    min_p: "Min-p",
  },
  greedy: "Greedy",
  stages: {
    raw: "Modell: die Wahrscheinlichkeiten laut Modell, vor allen Schritten.",
    greedy: "Temperatur 0: Das wahrscheinlichste Token wird gewählt, alle anderen entfallen.",
    repetition_penalty: (x: string) =>
      `Repetition Penalty ${x}: Token, die schon im Text stehen, werden unwahrscheinlicher, die anderen wahrscheinlicher.`,
    no_repeat_ngram: (x: string) =>
      `No-Repeat-N-Gramm ${x}: Token entfallen, mit denen sich eine Folge von ${x} Token wiederholen würde.`,
    min_new_tokens: (x: string) =>
      `Min. neue Token ${x}: Das Textende entfällt, bis ${x} Token geschrieben sind.`,
    block_eos: (x: string) => `Textende sperren: Es entfällt in den ersten ${x} Schritten.`,
    block_ws: (x: string) =>
      `Whitespace sperren: Token, die nur aus Whitespace bestehen, entfallen in den ersten ${x} Schritten.`,
    temperature: (x: string) =>
      Number(x) < 1
        ? `Temperatur ${x}: Die Verteilung wird schärfer: Wahrscheinliche Token werden noch wahrscheinlicher; keines entfällt.`
        : `Temperatur ${x}: Die Verteilung wird flacher: Unwahrscheinliche Token werden wahrscheinlicher; keines entfällt.`,
    top_k: (x: string) => `Top-k ${x}: Nur die ${x} wahrscheinlichsten Token bleiben.`,
    top_p: (x: string) =>
      `Top-p ${x}: Die wahrscheinlichsten Token bleiben, bis sie zusammen ${x} der Wahrscheinlichkeit erreichen.`,
    min_p: (x: string) =>
      `Min-p ${x}: Token mit weniger als dem ${x}-Fachen der Wahrscheinlichkeit des wahrscheinlichsten Tokens entfallen.`,
  },
};

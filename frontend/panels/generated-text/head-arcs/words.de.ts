import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  reads: (layer: number, head: number, token: string, sources: string) =>
    `Schicht ${layer}, Kopf ${head} liest bei „${token}“: ${sources}.`,
  source: (label: string, share: string) => `„${label}“ ${share}`,
  firstToken: (share: string) => `das erste Token ${share}`,
  nothing: "kein Token mit mehr als 4\u00a0%",
  strongest: "Nur seine stärkste Quelle wurde gemessen.",
  absent: (layer: number, head: number) =>
    `Schicht ${layer}, Kopf ${head} wurde bei diesem Token nicht gemessen.`,
  clear: "Wahl des Kopfs aufheben",
};

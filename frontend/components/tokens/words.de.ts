import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  id: "ID",
  probability: "Wahrscheinlichkeit",
  logprob: "Logprob",
  rank: "Rang",
  entropy: "Entropie",
  entropyBound: "Entropie mindestens (Schranke)",
  nats: "Nat",
  forced: "vorgegeben, nicht gewählt",
  forked: "von dir gewählt; hier beginnt der Zweig",
  prompt: "Prompt-Token",
  describe: (label, percent, rank) =>
    `${label}, Wahrscheinlichkeit ${percent}${rank >= 0 ? `, Rang ${rank}` : ""}`,
  describePrompt: (label) => `${label}, Prompt`,
};

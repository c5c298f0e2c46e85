import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

const tokens = (n: number) => `${n.toLocaleString("de")} Token`;

interface DescribedBranch {
  name: string;
  token: string;
  percent: string;
  instead: string;
  step: number;
  written: number;
  state: string;
}

export const german: Translated<typeof english> = {
  label: "Zweige des Laufs",
  title: "Zweige",
  treeLabel: "Läufe und ihre Zweige. F2 benennt um, Entf löscht.",
  unnamed: "Lauf",
  broken: "fehlgeschlagen",
  beside: "Nebeneinander",
  rename: "Umbenennen",
  remove: "Löschen",
  removeWith: (n: number) =>
    n === 1 ? "Mit seinem Zweig löschen" : `Mit seinen ${n} Zweigen löschen`,
  nameLabel: "Name des Zweigs",
  namePlaceholder: "Name",
  named: (token: string, step: number) => `${token} bei Token ${step}`,
  describeRoot: (name: string, written: number, state: string) =>
    [name, tokens(written), state].filter(Boolean).join(", "),
  describe: ({ name, token, percent, instead, step, written, state }: DescribedBranch) =>
    [
      name,
      `${token} statt ${instead} bei Token ${step}, Wahrscheinlichkeit ${percent}\u00a0%`,
      tokens(written),
      state,
    ]
      .filter(Boolean)
      .join(", "),
  modelGone: (model: string) =>
    `Dieser Zweig braucht das Modell ${model}, das der Server nicht mehr hat. Stelle es dort wieder bereit und versuch es erneut, oder wähle einen anderen Zweig. Alles Empfangene bleibt erhalten.`,
};

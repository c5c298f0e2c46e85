import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  close: "Schließen",
  rows: [
    { keys: ["Strg", "Enter"], action: "Start (am Mac ⌘ Enter)" },
    { keys: ["Esc"], action: "Lauf stoppen" },
    { keys: ["←", "→"], action: "Auf einem Token: vorheriges, nächstes" },
    { keys: ["Pos1", "Ende"], action: "Auf einem Token: erstes, neuestes" },
    { keys: ["Leertaste"], action: "Im Lauf: Token abspielen oder pausieren" },
    {
      keys: ["Umschalt", "←", "→"],
      action: "In der Zeitleiste: Bereich für die Schleife markieren",
    },
    { keys: ["P"], action: "Im Lauf: auf dem Server anhalten oder fortsetzen" },
    { keys: ["N"], action: "Im angehaltenen Lauf: ein Token weiterrechnen" },
    { keys: ["L"], action: "Im Lauf: wieder dem neuesten Token folgen" },
    { keys: [",", "."], action: "Im Training: vorheriger, nächster Snapshot" },
    { keys: ["F"], action: "Präsentieren: größere Schrift für einen Beamer" },
    { keys: ["?"], action: "Tastenkürzel anzeigen" },
  ],
};

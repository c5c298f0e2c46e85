import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

const tokens = (n: number) => `${n.toLocaleString("de")} Token`;

export const german: Translated<typeof english> = {
  title: "Attention-Maps",
  inWords:
    "Jede Zeile ist ein Stück des Textes, jede Spalte ein Stück, auf das es blickt. Je kräftiger die Farbe, desto mehr blickt es dorthin.",
  unit: "Anteil der Attention",
  hookPoint: "Attention-Muster, alle Querys",
  howToRead:
    "Jede Zeile ist ein Query-Token, jede Spalte ein Key-Token, auf das es achtet; eine Zeile ergibt zusammen 100\u00a0%.",
  caution:
    "Eine kräftig gefärbte Zelle zeigt, worauf ein Kopf achtet, nicht, dass dieses Token die Antwort verursacht hat.",
  prompt: "der Prompt",
  taken: (step: number) => `bei Token ${step}`,
  covers: (n: number, when: string) => `Map von ${tokens(n)}, ${when}`,
  ofPrompt: "beim Verarbeiten des Prompts",
  previous: "Vorherige Map",
  next: "Nächste Map",
  count: (at: number, of: number) => `${at} von ${of}`,
  howToGet:
    "Nur die Map des Prompts wurde behalten. Für Maps des folgenden Textes setze „Attention-Map alle“ (attn_every, unter Messung) und starte neu.",
  query: "Query",
  key: "Key",
  cell: (query: string, key: string, percent: string) => `${query} → ${key} ${percent}\u00a0%`,
  ahead: (query: string, key: string) => `${query} kann nicht auf das spätere ${key} achten`,
  binned: (n: number) => `Ein Pixel zeigt das Maximum von bis zu ${n} × ${n} Zellen.`,
  point: "Zeige auf eine Zelle.",
  pictureLabel: (n: number, reading: string) =>
    `Attention-Map von ${tokens(n)}, ${reading}. Pfeiltasten wechseln die Zelle.`,
  columns: ["Position", "Query-Token"] as const,
};

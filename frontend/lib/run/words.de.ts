import type { Translated } from "@/lib/i18n/translated";
import { withThousands } from "@/lib/text/thousands";
import type { english } from "./words.en";

const count = (n: number, one: string, many: string) =>
  `${withThousands(n, ".")} ${n === 1 ? one : many}`;

export const german: Translated<typeof english> = {
  label: "Status des Laufs",
  recording: "Aufzeichnung",
  phases: {
    idle: "Bereit",
    connecting: "Verbindung wird aufgebaut",
    queued: "In der Warteschlange",
    loading: "Modell wird geladen",
    prefill: "Prompt wird verarbeitet",
    running: "Schreibt",
    paused: "Angehalten",
    done: "Fertig",
    stopped: "Gestoppt",
    failed: "Fehlgeschlagen",
  },
  refused: "Nicht gestartet",
  ahead: (n) => `${n} davor`,
  reasons: {
    eos: "das Modell hat den Text beendet",
    length: "das Token-Limit ist erreicht",
    stop: "ein Stop-String ist erschienen",
    cancelled: "er wurde abgebrochen",
    deadline: "das Zeitlimit ist erreicht",
    breakpoint: "ein Haltepunkt ist erreicht",
  },
  contextFull: "der Kontext des Modells ist voll",
  tokens: "Token",
  tokensPerSecond: "Token/s",
  shownPerSecond: "Token/s gezeigt",
  prefill: "Prompt verarbeitet in",
  seed: "Seed",
  announceDone: (n, reason) => `Der Lauf ist nach ${count(n, "Token", "Token")} fertig: ${reason}.`,
  layers: (n) => count(n, "Schicht", "Schichten"),
  heads: (n) => count(n, "Kopf", "Köpfe"),
  parameters: (n) => `${n} Parameter`,
  on: (dtype, device) => `${dtype} auf ${device}`,
};

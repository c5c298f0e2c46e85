import type { Words } from "./words";

const tokens = (n: number) => `${n.toLocaleString("de")} Token`;

export const keepingText: Pick<
  Words,
  | "keeping"
  | "viewFailed"
  | "invalid"
  | "unavailable"
  | "unavailableHelp"
  | "notLoadable"
  | "notAllowed"
> = {
  keeping: {
    short:
      "Diese Einstellungen sind zu lang für einen Link. Sie bleiben nur in diesem Browser-Tab. Um den Lauf weiterzugeben, speichere ihn als Datei.",
    unknown:
      "Dieser Link verweist auf einen langen Prompt, der in einem anderen Browser-Tab liegt. Bitte den Absender um den Lauf als Datei oder gib den Prompt ein.",
    copiedIncomplete: "Ohne den langen Prompt kopiert",
    linkIncomplete:
      "Link kopiert, ohne den langen Prompt: Er bleibt nur in diesem Browser-Tab. Speichere den Lauf als Datei, um ihn weiterzugeben.",
    run: {
      title: "Der letzte Lauf dieses Tabs ist noch da.",
      detail: (model, n) => `${model}, ${tokens(n)}`,
    },
    chat: {
      title: "Das letzte Gespräch dieses Tabs ist noch da.",
      detail: (n) => `${n.toLocaleString("de")} ${n === 1 ? "Nachricht" : "Nachrichten"}`,
    },
    restore: "Wiederherstellen",
    restoring: "Wird wiederhergestellt …",
    discard: "Verwerfen",
    lost: "Aus diesem Browser ließ er sich nicht lesen.",
  },
  viewFailed: {
    title: "Diese Ansicht ist ausgefallen",
    detail: "Deine Einstellungen und Läufe bleiben erhalten.",
    retry: "Noch einmal",
    reload: "Seite neu laden",
  },
  invalid: {
    one: (name) => `Diese Einstellung prüfen: ${name}.`,
    more: (names) => `Diese Einstellungen prüfen: ${names}.`,
  },
  unavailable: (model) => `${model} (nicht auf diesem Server)`,
  unavailableHelp: "Dieser Server hat dieses Modell nicht. Wähle ein anderes.",
  notLoadable: (model) => `${model} (lässt sich nicht laden)`,
  notAllowed: (value) => `${value} (nicht erlaubt)`,
};

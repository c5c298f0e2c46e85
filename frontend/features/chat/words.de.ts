import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  label: "Gespräch",
  turns: "Nachrichten des Gesprächs",
  composer: "Nächste Nachricht",
  message: "Nachricht",
  placeholder: "Nachricht eingeben …",
  send: "Senden",
  you: "Du",
  model: "Modell",
  settings: "Einstellungen",
  system: "Systemnachricht",
  systemPlaceholder: "keine",
  systemHelp: "Wird vor dem Gespräch gesendet, ab der nächsten Antwort.",
  clear: "Neues Gespräch",
  context: "Kontext belegt",
  look: "Im Instrument öffnen",
  regenerate: "Neu generieren",
  editReply: "Antwort bearbeiten",
  editMessage: "Nachricht bearbeiten",
  edited: "bearbeitet",
  editHint: "Spätere Nachrichten werden entfernt.",
  save: "Speichern",
  cancel: "Abbrechen",
  full: "Das Gespräch passt nicht mehr in den Kontext des Modells",
  shorten: "Älteste Frage entfernen und erneut versuchen",
  shortenMessage: "Nachricht kürzen",
  replyName: (reply: string) => `Antwort: ${reply.slice(0, 40)}`,
  empty: {
    title: "Chatte mit einem Modell und untersuche jede Antwort.",
    detail:
      "Jede Antwort ist ein Lauf: Öffne sie im Instrument, um Token für Token zu sehen, was im Modell geschah.",
    noTemplate: (model: string) =>
      `${model} hat kein Chat-Template und wurde nicht für Chats trainiert. Das Gespräch wird als einfache Zeilen gesendet, die mit „user:“ und „assistant:“ beginnen, und das Modell setzt sie fort wie jeden Text. mav-tiny wurde nur mit englischen Kindergeschichten trainiert; erwarte eher eine Geschichte als eine Antwort.`,
    beginnings: [
      "Tell me a story about a cat and a red ball.",
      "What did the little dragon do next?",
    ] as const,
  },
};

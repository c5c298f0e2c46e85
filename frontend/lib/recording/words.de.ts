import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  notARecording: {
    title: "Keine MAV-Aufzeichnung",
    detail: (name: string) =>
      `${name} beginnt nicht mit einem start-Ereignis. Eine Aufzeichnung enthält ein JSON-Ereignis pro Zeile. Speichere hier eine oder rufe sie mit „Accept: application/x-ndjson“ über die API ab.`,
    empty: (name: string) => `${name} ist leer. Speichere den Lauf noch einmal.`,
  },
  version: {
    title: "Die Aufzeichnung hat eine andere Version",
    detail: (given: string, own: number, line: number, where: string) =>
      `Zeile ${line}: ${where} ist ${given}, und diese Seite liest Version ${own}. Öffne sie mit der MAV-Version, die sie geschrieben hat, oder starte einen Lauf mit denselben Einstellungen.`,
  },
  broken: {
    title: "Die Aufzeichnung ist beschädigt",
    json: (line: number) => `Zeile ${line} ist kein gültiges JSON.`,
    misfit: (line: number, where: string, problem: string) =>
      `Zeile ${line} passt nicht (auf Englisch): ${where}: ${problem}.`,
    order: (line: number, type: string, last: string) =>
      `Zeile ${line} ist ein ${type}-Ereignis, das nicht auf ${last} folgen kann: Es fehlen Zeilen, oder die Datei enthält zwei Aufzeichnungen.`,
    index: (line: number, given: number, expected: number) =>
      `Zeile ${line} ist Token ${given}, wo Token ${expected} stehen müsste: Zeilen fehlen oder sind doppelt.`,
    remedy: "Lade die Datei erneut herunter oder verwende den Teil vor dieser Zeile.",
  },
  torn: {
    title: "Die Aufzeichnung ist unvollständig",
    line: (line: number) => `Zeile ${line} ist unvollständig: Die Datei wurde dort abgeschnitten.`,
    ended: (line: number, type: string) =>
      `Sie endet nach Zeile ${line}, einem ${type}-Ereignis, ohne done oder error: Sie wurde während des Laufs gespeichert oder abgeschnitten.`,
    remedy: "Der Teil davor lässt sich verwenden.",
  },
  unreadable: {
    title: "Die Datei lässt sich nicht lesen",
    detail: (reason: string) =>
      `Der Browser meldet: ${reason}. Prüfe, ob die Datei noch existiert, und öffne sie erneut.`,
  },
  template: {
    title: "Die eigenständige Seite kann nicht erstellt werden",
    detail: "Die Website wurde ohne die Vorlage ausgeliefert. Erzeuge sie mit npm run build.",
  },
};

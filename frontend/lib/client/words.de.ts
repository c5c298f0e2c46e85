import type { Translated } from "@/lib/i18n/translated";
import { withThousands } from "@/lib/text/thousands";
import type { english } from "./words.en";

const count = (n: number, one: string, many: string) =>
  `${withThousands(n, ".")} ${n === 1 ? one : many}`;

export const german: Translated<typeof english> = {
  retry: "Erneut versuchen",
  anotherFile: "Andere Datei öffnen",
  resume: "Fortsetzen",
  shorten: "Prompt kürzen",
  change: "Einstellung ändern",
  inBrowser: "Im Browser ausführen",
  kept: (n) =>
    `${count(n, "Token wurde", "Token wurden")} empfangen und ${n === 1 ? "wird" : "werden"} unten angezeigt.`,
  wait: (seconds) => `Bitte ${count(Math.ceil(seconds), "Sekunde", "Sekunden")} warten.`,
  field: "Zu ändernde Einstellung:",
  serverLanguage: "Meldungen des Servers sind auf Englisch.",
  own: {
    run_too_large: {
      title: "Der Lauf sendet zu viele Daten",
      detail:
        "Er ist größer, als dieser Server erlaubt. Schließe die Panels für Attention und Schichtkacheln, lass weniger Vorhersagen anzeigen oder erzeuge weniger Token.",
    },
    client_budget_spent: {
      title: "Das stündliche Datenlimit ist erreicht",
      detail:
        "Dieser Server begrenzt die Datenmenge pro Stunde und Besucher. Versuch es später erneut und schließe die Panels für Attention und Schichtkacheln.",
    },
    client_too_slow: {
      title: "Die Verbindung ist für diesen Lauf zu langsam",
      detail:
        "Andere Läufe warten auf das Modell, deshalb hat der Server diesen beendet. Schließe Panels oder versuch es später erneut.",
    },
    too_many_connections: {
      title: "Der Server hat zu viele Verbindungen",
      detail: "Schließe andere Tabs dieser Seite oder versuch es später erneut.",
    },
    server_stopping: {
      title: "Der Server wird heruntergefahren",
      detail: "Versuch es erneut, sobald er wieder läuft.",
    },
  },
  refused: {
    title: "Der Server hat diesen Lauf abgelehnt",
    detail: (status) =>
      `Er hat mit Status ${status} ohne Begründung geantwortet. Versuch es erneut.`,
  },
  unreachable: {
    title: "Der Server ist nicht erreichbar",
    detail: "Prüfe, ob er noch läuft und ob du online bist, und versuch es dann erneut.",
  },
  streamBroken: {
    title: "Die Verbindung ist während des Laufs abgebrochen",
    detail:
      "„Fortsetzen“ macht nach dem letzten empfangenen Token weiter, mit demselben Seed und denselben Einstellungen. „Erneut versuchen“ beginnt von vorn.",
  },
  timeLimitTooShort: {
    title: "Das Zeitlimit des Servers hat den Lauf vor dem nächsten Token beendet",
    detail:
      "Vielleicht ist der Server ausgelastet, oder sein Limit (MAV_DEADLINE_S) ist für einen so langen Text zu kurz. „Fortsetzen“ versucht es erneut.",
  },
  contractMismatch: {
    title: "Die Antwort des Servers passt nicht zu dieser Seite",
    detail:
      "Vielleicht haben Seite und Server verschiedene Versionen. Lade die Seite neu und versuch es erneut.",
  },
};

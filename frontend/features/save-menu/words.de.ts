import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  label: "Diesen Lauf speichern",
  recording: "Aufzeichnung",
  recordingHint: "Alle Ereignisse des Laufs; lässt sich hier und in Python öffnen",
  page: "Eigenständige Seite",
  pageHint: "Eine Datei, die den Lauf ohne Server abspielt",
  withModel: "Eigenständige Seite mit dem Modell darin",
  withModelHint: "Lässt sich auch ohne Netz verzweigen und fortsetzen",
  about: (size: string) => `etwa ${size}`,
  tooLarge: (limit: string) => `Dieser Lauf ist zu lang dafür: Die Seite hat höchstens ${limit}`,
  packing: "Das Modell wird in die Seite gepackt …",
  notPacked: (reason: string) =>
    `Das Modell lässt sich nicht in die Seite packen (${reason}). Prüfe die Verbindung und versuche es erneut.`,
  link: "Link kopieren",
  linkHint: "Öffnet die Seite mit denselben Einstellungen",
  linkCopied: "Link kopiert",
  linkNotCopied: "Der Browser hat das Kopieren nicht erlaubt. Der Link steht in der Adresszeile.",
  openFile: "Aufzeichnung öffnen …",
  openHint: "Oder die Datei irgendwo auf die Seite ziehen",
  openModel: "Dateien eines Modells öffnen …",
  openModelHint:
    "Oder seinen Ordner auf die Seite ziehen: Es läuft im Browser und wird nicht hochgeladen",
  nothing: "Es gibt noch keinen Lauf zum Speichern.",
  full: (tokens: number, limit: string) =>
    `Der Lauf ist größer als ${limit}: Die Aufzeichnung enthält die ersten ${tokens} Token.`,
  running: (tokens: number) =>
    `Der Lauf ist noch nicht fertig: Eine jetzt gespeicherte Datei enthält ${tokens} Token.`,
  saved: (name: string) => `${name} gespeichert`,
  bytes: (kilo: number) =>
    kilo >= 1000
      ? `${(kilo / 1000).toFixed(1).replace(".", ",")} MB`
      : `${Math.max(1, Math.round(kilo))} kB`,
  linkIncomplete:
    "Link ohne den langen Prompt kopiert: Er bleibt nur in diesem Browser-Tab. Um den Lauf zu teilen, speichere ihn als Datei.",
};

import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: (name: string) => `${name} · MAV-Aufzeichnung`,
  about: "Ein aufgezeichneter Lauf. Alles auf dieser Seite steht in dieser einen Datei.",
  aboutModel: "Ein aufgezeichneter Lauf und sein Modell: Beides steht in dieser einen Datei.",
  damaged: (reason: string) => ({
    title: "Das Modell in dieser Seite ist beschädigt",
    detail: `Die Aufzeichnung lässt sich ansehen, aber nicht fortsetzen. Besorge die Datei neu. (${reason})`,
  }),
  noDescription: "keine Beschreibung",
  otherModel: (model: string) => ({
    title: "Diese Seite kann diesen Lauf nicht berechnen",
    detail: `Sie enthält nur das Modell ${model}. Öffne die Aufzeichnung in MAV.`,
  }),
  noResume: {
    title: "Diese Seite hat keinen Server",
    detail: "Stattdessen werden die Token des Laufs gesendet.",
  },
  none: "Diese Seite enthält keine Aufzeichnung",
  noneDetail:
    "Das ist die Vorlage für eigenständige Seiten. Speichere in MAV eine eigenständige Seite.",
};

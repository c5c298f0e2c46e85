import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: (name: string) => `${name} · MAV-Aufzeichnung`,
  about: "Ein aufgezeichneter Lauf. Alles auf dieser Seite steht in dieser einen Datei.",
  none: "Diese Seite enthält keine Aufzeichnung",
  noneDetail:
    "Das ist die Vorlage für eigenständige Seiten. Speichere in MAV eine eigenständige Seite.",
};

import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  viewFailed: {
    title: "Diese Ansicht ist fehlgeschlagen",
    detail: "Deine Einstellungen und Läufe bleiben erhalten.",
    retry: "Erneut versuchen",
    reload: "Seite neu laden",
  },
};

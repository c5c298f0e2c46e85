import type { Translated } from "@/lib/i18n/translated";
import { withThousands } from "@/lib/text/thousands";
import type { english } from "./words.en";

const tokens = (n: number) => `${withThousands(n, ".")} Token`;

export const german: Translated<typeof english> = {
  run: {
    title: "Dein letzter Lauf ist in diesem Browser gespeichert.",
    detail: (model, n, prompt) =>
      `${model}, ${tokens(n)}${prompt === "" ? "" : ` nach „${prompt}“`}`,
    open: "Letzten Lauf öffnen",
  },
  chat: {
    title: "Letztes Gespräch dieses Tabs wiederherstellen?",
    detail: (n) => `${withThousands(n, ".")} ${n === 1 ? "Nachricht" : "Nachrichten"}`,
  },
  restore: "Wiederherstellen",
  restoring: "Wird wiederhergestellt …",
  discard: "Verwerfen",
  lost: "Die gespeicherte Kopie konnte nicht gelesen werden.",
};

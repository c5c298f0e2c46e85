import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: "Die Engine im Browser hat aufgehört",
  notLoaded:
    "Sie konnte nicht geladen werden. Prüfe, ob du online bist, und versuch es dann erneut.",
  reported: (message) =>
    `Der Browser meldet: ${message}. Vielleicht hat der Speicher nicht gereicht: Schließe andere Tabs oder wähle ein kleineres Modell und versuch es dann erneut.`,
};

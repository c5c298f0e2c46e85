import type { Loaders } from "@/lib/i18n/language";

/** Loads the texts of the languages other than English. */
export const LOADERS: Loaders = {
  de: () => import("./de").then(({ GERMAN }) => GERMAN),
};

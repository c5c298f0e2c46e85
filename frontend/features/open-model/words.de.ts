import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: (name: string) => `${name} · deine Dateien, nicht hochgeladen`,
  refused: "Das Modell kann nicht geöffnet werden",
  missing: (names: string) =>
    `Diese Dateien fehlen: ${names}. Ein Ordner von save_pretrained() hat sie: Ziehe den Ordner oder alle seine Dateien zusammen auf die Seite.`,
  tooLarge: (size: string, limit: string) =>
    `Seine Gewichte haben ${size}. Im Browser darf ein Modell ${limit} haben; führe ein größeres auf einem Server aus, mit mav serve --model ORDNER.`,
  megabytes: (count: number) => `${count.toLocaleString("de")} MB`,
  and: " und ",
  failed: (reason: string) =>
    `Der Browser meldet: ${reason}. Prüfe, ob es die Dateien noch gibt, oder nimm ein kleineres Modell.`,
};

import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  drop: "Hier loslassen, um die Aufzeichnung zu öffnen",
  dropModel: "Oder den Ordner eines Modells, um es im Browser auszuführen",
};

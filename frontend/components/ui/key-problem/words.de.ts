import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: "Dieser Server verlangt einen API-Schlüssel",
  missing:
    "Geben Sie den Schlüssel ein, den Sie vom Betreiber dieses Servers haben. Er bleibt in diesem Browser.",
  refused:
    "Der Server hat den Schlüssel nicht angenommen. Prüfen Sie ihn, oder bitten Sie den Betreiber um einen anderen.",
  noScope:
    "Ihr Schlüssel erlaubt das nicht. Bitten Sie den Betreiber dieses Servers um einen anderen.",
  key: "API-Schlüssel",
  use: "Diesen Schlüssel verwenden",
  forget: "Schlüssel vergessen",
  invalid: "Ein Schlüssel hat keine Leerzeichen und nur ASCII-Zeichen.",
};

import type { Translated } from "./translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  name: "MAV",
  title: "Model Activity Visualizer",
  description:
    "Sieh in ein Sprachmodell hinein, während es schreibt: Messwerte zu jedem Token, live.",
  inHundred: (count) => `${count}\u00a0von\u00a0100`,
  skip: "Zum Lauf springen",
};

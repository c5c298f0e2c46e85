import { linkedStore } from "@/lib/url-state/linked-store";

export const LENS_VIEWS = ["token", "time"] as const;
export const LENS_COLOURS = ["rank", "prob"] as const;

export interface LensView {
  readonly view: (typeof LENS_VIEWS)[number];
  /** What the colour of a cell shows: the rank of the chosen token, or the layer's probability. */
  readonly colour: (typeof LENS_COLOURS)[number];
}

/** The view and colours of the logit lens; in a link `time*prob`. */
export const lensView = linkedStore<LensView>(
  "lens",
  { view: "token", colour: "rank" },
  {
    encode: ({ view, colour }) => `${view}*${colour}`,
    decode: (code) => {
      const [view, colour] = code.split("*");
      const known = {
        view: LENS_VIEWS.find((each) => each === view),
        colour: LENS_COLOURS.find((each) => each === colour),
      };
      return known.view && known.colour ? { view: known.view, colour: known.colour } : null;
    },
  },
);

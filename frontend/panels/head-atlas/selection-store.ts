import { linkedStore } from "@/lib/url-state/linked-store";
import { BADGES } from "./badges";
import { ALL_HEADS, ORDERS, type Selection } from "./selection";

/** Which heads are shown, and in which order; in a link `induction*previous*2-5`. */
export const atlasSelection = linkedStore<Selection>("atlas", ALL_HEADS, {
  encode: ({ order, badge, layers }) => [order, badge ?? "", layers?.join("-") ?? ""].join("*"),
  decode: (code) => {
    const [named = "", badged = "", span = "", ...rest] = code.split("*");
    const order = ORDERS.find((each) => each === named);
    const badge = BADGES.find((each) => each === badged) ?? null;
    const [, first, last] = /^(\d+)-(\d+)$/.exec(span) ?? [];
    const layers = first && last ? ([Number(first), Number(last)] as const) : null;
    if (!order || rest.length > 0 || (badged && !badge) || (span && !layers)) return null;
    return layers && layers[0] > layers[1] ? null : { order, badge, layers };
  },
});

import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const stackPanel = worded(words, {
  id: "stack",
  term: "residual-stream",
  formula: "resid_post = resid_pre + attn_out + mlp_out",
  unit: () => words.unit,
  captures: ["residual", "mlp", "attention_sources", "logit_lens"],
  open: true,
  wide: true,
  rows: 3,
  ...lazyParts(() => import("./view")),
});

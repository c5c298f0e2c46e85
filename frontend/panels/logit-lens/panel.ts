import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const logitLensPanel = worded(words, {
  id: "logit-lens",
  term: "logit-lens",
  formula: "p = softmax(W_U · norm(resid_post))",
  unit: () => words.unit,
  captures: ["logit_lens"],
  columns: 2,
  ...lazyParts(() => import("./view")),
});

/** `logit_lens`: what each layer would predict if the model ended there. */
import type { WireLensRow } from "@/lib/contract/schemas";
import type { Step } from "../step";
import type { Vocabulary } from "../text/vocabulary";
import { shortest } from "../wire";

/** [n_layers], with the rank of `tokenId` in each layer's prediction. */
export function logitLens(step: Step, tokenId: number, vocabulary: Vocabulary): WireLensRow[] {
  const { ids, probs, ranks } = step.model.lens(step.row, tokenId);
  return Array.from(ids, (id, layer) => ({
    id,
    text: vocabulary.label(id),
    prob: shortest(probs[layer] ?? Number.NaN),
    rank: ranks[layer] ?? 0,
  }));
}

/** The tokens of a prompt or a conversation, checked against the model. */
import type { RunSettings } from "@/lib/contract";
import { invalid, LocalError } from "./errors";
import type { ModelSizes } from "./model/model";
import type { Vocabulary } from "./text/vocabulary";

/**
 * @param chat absent where there are no messages
 * @throws LocalError if there is no token, one has no embedding, or no room is left for the answer
 */
export function promptIds(
  settings: RunSettings,
  vocabulary: Vocabulary,
  { vocabulary: size, context }: ModelSizes,
  chat?: typeof import("./plain-chat"),
): number[] {
  const { prompt, messages, forced_ids } = settings;
  const field = messages ? "messages" : "prompt";
  const ids = vocabulary.encode((messages && chat?.plainChat(messages)) ?? prompt ?? "", true);
  if (ids.length === 0) throw invalid(field, "noToken", field);
  const place = ids.findIndex((id) => id >= size);
  if (place >= 0) throw invalid(field, "noEmbedding", place, field, ids[place] ?? 0, size - 1);
  const forced = forced_ids.findIndex((id) => id >= size);
  if (forced >= 0) {
    throw invalid("forced_ids", "forcedOutside", forced, forced_ids[forced] ?? 0, size - 1);
  }
  const needed = ids.length + Math.max(1, forced_ids.length);
  if (needed > context) {
    const values = [ids.length, field, forced_ids.length, context, needed - context] as const;
    throw LocalError.of("prompt_too_long", "promptTooLong", [...values], field);
  }
  return ids;
}

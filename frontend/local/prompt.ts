/** The tokens of a prompt or a conversation, checked against the model. */
import type { RunSettings } from "@/lib/contract";
import { InvalidSettings, PromptTooLong } from "./errors";
import { PLAIN_ROLES } from "./facts";
import type { ModelSizes } from "./model/model";
import type { Vocabulary } from "./text/vocabulary";

type Message = NonNullable<RunSettings["messages"]>[number];

/** Texts that end a reply: each begins a turn of another role. */
export const TURN_STARTS = PLAIN_ROLES.map((role) => `\n${role}:`);

/** @throws InvalidSettings, PromptTooLong if there is no token, one has no embedding, or no room is left for the answer */
export function promptIds(
  settings: RunSettings,
  vocabulary: Vocabulary,
  { vocabulary: size, context }: ModelSizes,
): number[] {
  const { prompt, messages, forced_ids } = settings;
  const field = messages ? "messages" : "prompt";
  const ids = vocabulary.encode(messages ? plainChat(messages) : (prompt ?? ""), true);
  if (ids.length === 0)
    throw new InvalidSettings(`There is no token in the ${field}; give some text.`, field);
  const place = ids.findIndex((id) => id >= size);
  if (place >= 0) {
    const id = ids[place];
    const detail = `Token ${place} of the ${field} has the id ${id}, but the model has embeddings only for the ids 0 to ${size - 1}: its tokenizer has more tokens than the model. Leave the token out.`;
    throw new InvalidSettings(detail, field);
  }
  const forced = forced_ids.findIndex((id) => id >= size);
  if (forced >= 0) {
    const detail = `forced_ids[${forced}] is ${forced_ids[forced]}, but the model has the ids 0 to ${size - 1}.`;
    throw new InvalidSettings(detail, "forced_ids");
  }
  const needed = ids.length + Math.max(1, forced_ids.length);
  if (needed > context) {
    const and = forced_ids.length ? ` and ${forced_ids.length} in forced_ids` : "";
    const detail = `There are ${ids.length} tokens in the ${field}${and}, but the context of the model holds ${context}, of which one must be left for the answer. Shorten the ${field} by at least ${needed - context} tokens.`;
    throw new PromptTooLong(detail, field);
  }
  return ids;
}

/** The text of a conversation for a model without a chat template, up to the assistant's turn. */
function plainChat(messages: readonly Message[]): string {
  messages.forEach((message, place) => {
    const where = `messages[${place}].role`;
    if (!PLAIN_ROLES.includes(message.role)) {
      const detail = `${where} is ${message.role}, but for a model without a chat template the roles are ${PLAIN_ROLES.join(", ")}.`;
      throw new InvalidSettings(detail, "messages.role");
    }
    if (message.role === "system" && place > 0) {
      const detail = `${where} is system, which may only come first; move it there.`;
      throw new InvalidSettings(detail, "messages.role");
    }
    if (message.role === "assistant" && place === messages.length - 1) {
      const detail = `${where} is assistant, so there is nothing to reply to; end with the user's message, or use prompt to continue a text.`;
      throw new InvalidSettings(detail, "messages.role");
    }
  });
  const lines = messages.map(({ role, content }) => `${role}: ${content}`);
  return [...lines, "assistant:"].join("\n");
}

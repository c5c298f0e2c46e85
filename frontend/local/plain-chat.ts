/** Conversations with a model without a chat template. */
import type { RunSettings } from "@/lib/contract";
import { invalid } from "./errors";
import { PLAIN_ROLES } from "./facts";

type Message = NonNullable<RunSettings["messages"]>[number];

/** Texts that end a reply: each begins a turn of another role. */
export const TURN_STARTS = PLAIN_ROLES.map((role) => `\n${role}:`);

/** The text of a conversation, up to the assistant's turn. */
export function plainChat(messages: readonly Message[]): string {
  const field = "messages.role";
  messages.forEach((message, place) => {
    const where = `messages[${place}].role`;
    if (!PLAIN_ROLES.includes(message.role)) {
      throw invalid(field, "unknownRole", where, message.role, PLAIN_ROLES.join(", "));
    }
    if (message.role === "system" && place > 0) {
      throw invalid(field, "systemLater", where);
    }
    if (message.role === "assistant" && place === messages.length - 1) {
      throw invalid(field, "assistantLast", where);
    }
  });
  const lines = messages.map(({ role, content }) => `${role}: ${content}`);
  return [...lines, "assistant:"].join("\n");
}

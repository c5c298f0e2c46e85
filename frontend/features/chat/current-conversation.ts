import { openRun } from "@/lib/client/run-stream";
import { createConversation } from "./conversation";

/** The conversation of this visit. It is kept when the chat view is closed. */
export const conversation = createConversation(openRun);

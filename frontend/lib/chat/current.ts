import { openRun } from "@/lib/transport/run-stream";
import { createConversation } from "./conversation";

/** The conversation of this visit; it outlives the view that shows it. */
export const conversation = createConversation(openRun);

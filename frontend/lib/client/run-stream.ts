import type { RunRequest } from "@/lib/contract";
import { endsRun, type RunEvent } from "@/lib/contract/frames";
import { parseEvent } from "@/lib/contract/parse-event";
import { streamedEvents } from "./sse";

/** Starts a run on the server and yields its events. Throws the errors of `streamedEvents`. */
export const openRun = (request: RunRequest, signal: AbortSignal): AsyncGenerator<RunEvent, void> =>
  streamedEvents({ path: "api/run", parse: parseEvent, isLast: endsRun }, request, signal);

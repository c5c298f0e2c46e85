import type { RunRequest } from "@/lib/contract";
import { endsRun, type RunEvent } from "@/lib/contract/frames";
import { IN_BROWSER, runsInBrowser } from "@/lib/contract/in-browser";
import { parseEvent } from "@/lib/contract/parse-event";
import { streamedEvents } from "./sse";

/**
 * Returns the name of a model where it can run: without a server, in the browser. There, the site
 * names the model of a request that names none.
 */
export function nameHere(model = ""): string {
  const { model: own } = document.documentElement.dataset;
  return !own || runsInBrowser(model) ? model : model ? IN_BROWSER + model : own;
}

/** Loads a model that runs in the browser before a run needs it. */
export async function prepareRun(model: unknown): Promise<void> {
  if (runsInBrowser(model)) (await import("./local-runs")).localRuns.prepare(model);
}

/**
 * Starts a run, on the server or in the browser, and yields its events. Throws the errors of
 * `streamedEvents`.
 */
export async function* openRun(
  request: RunRequest,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  const model = nameHere(request.model);
  if (runsInBrowser(model)) {
    const { localRuns } = await import("./local-runs");
    yield* localRuns.open({ ...request, model }, signal);
    return;
  }
  const stream = { path: "api/run", parse: parseEvent, isLast: endsRun };
  yield* streamedEvents(stream, request, signal);
}

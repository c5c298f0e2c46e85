/**
 * Replaces `lib/client/run-stream` in the standalone page, which has no server: runs are computed by
 * the model inside the page.
 */
import { words } from "@/features/replay/words";
import { Refused } from "@/lib/client/failure";
import { LocalRuns } from "@/lib/client/local-runs";
import type { FinishReason, RunRequest } from "@/lib/contract";
import type { RunEvent } from "@/lib/contract/frames";
import { isOfModel, modelInside, unpackModel } from "@/lib/recording/model-inside";

/** Stands for the server's resume token: the page continues a run from its tokens. */
const CONTINUES = "in this page";
const UNFINISHED: ReadonlySet<FinishReason> = new Set(["length", "breakpoint"]);

/** The model inside this page, which is unpacked for the first run. */
class RunsInside {
  #runs: Promise<LocalRuns> | null = null;

  async *open(request: RunRequest, signal: AbortSignal): AsyncGenerator<RunEvent, void> {
    const inside = modelInside(document);
    // The failure of a page that cannot reach a server.
    if (!inside) throw new TypeError("This page has no model.");
    // The tokens are sent instead.
    if (request.resume != null) throw refused("resume_refused", words.noResume);
    if (!isOfModel(inside, request.model ?? "")) {
      throw refused("unknown_model", words.otherModel(inside.info.title || inside.info.name));
    }
    this.#runs ??= unpacked();
    const runs = await this.#runs;
    for await (const event of runs.open({ ...request, model: inside.info.name }, signal)) {
      const isUnfinished = event.type === "done" && UNFINISHED.has(event.done.reason);
      yield isUnfinished ? { ...event, done: { ...event.done, resume: CONTINUES } } : event;
    }
  }
}

async function unpacked(): Promise<LocalRuns> {
  const inside = modelInside(document);
  if (!inside) throw new TypeError("This page has no model.");
  const { worker, model } = await unpackModel(document, inside).catch((error: unknown) => {
    throw refused("damaged_model", words.damaged(String(error)));
  });
  const code = new Blob(['"use strict";', worker], { type: "text/javascript" });
  const runs = new LocalRuns(() => new Worker(URL.createObjectURL(code)));
  runs.give(model);
  return runs;
}

const refused = (code: string, said: { readonly title: string; readonly detail: string }) =>
  new Refused({ code, ...said });

const runsInside = new RunsInside();

export const openRun = (request: RunRequest, signal: AbortSignal) =>
  runsInside.open(request, signal);

/** The parts of the engine that few runs need. Each is a file of its own. */

import { part } from "./part";
import type { ResolvedSettings } from "./settings";

export interface RareParts {
  attentionMap?: typeof import("./probes/attention-map");
  chat?: typeof import("./plain-chat");
  tiles?: typeof import("./probes/tiles");
  matchers?: typeof import("./generation/matchers");
  controls?: typeof import("./generation/controls");
  trace?: typeof import("./generation/sampling-trace");
}

/**
 * Loads the parts that a run needs, where they are not there yet.
 *
 * @throws PartMissing
 */
export async function loadRareParts(parts: RareParts, settings: ResolvedSettings): Promise<void> {
  const { capture, stop, messages, breakpoints } = settings;
  const { repetition_penalty, no_repeat_ngram_size, top_p, min_p } = settings;
  if (capture.includes("attention_map")) {
    parts.attentionMap ??= await part(import("./probes/attention-map"));
  }
  if (messages) parts.chat ??= await part(import("./plain-chat"));
  if (capture.includes("tiles")) parts.tiles ??= await part(import("./probes/tiles"));
  if (stop.length > 0 || messages || Object.values(breakpoints).some(Boolean)) {
    parts.matchers ??= await part(import("./generation/matchers"));
  }
  if (repetition_penalty !== 1 || no_repeat_ngram_size > 0 || top_p < 1 || min_p > 0) {
    parts.controls ??= await part(import("./generation/controls"));
  }
  if (capture.includes("sampler_stages")) {
    parts.trace ??= await part(import("./generation/sampling-trace"));
  }
}

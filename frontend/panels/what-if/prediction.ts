import type { RunRecord } from "@/lib/run/run-record";
import type { Controls, Prediction } from "./sampler";

/** Returns what is known of the prediction of a token. */
export function predictionOf(run: RunRecord, step: number): Prediction | null {
  const { start, prompt } = run;
  const frame = run.frames[step];
  if (!start || !frame) return null;
  const { settings, model, rankBinEdges } = start;
  const before = [...(prompt?.tokens ?? []), ...run.frames.slice(0, step)];
  const blocked = [settings.min_new_tokens, settings.block_eos_steps, settings.block_ws_steps];
  return {
    candidates: frame.top,
    masses: frame.distribution.rankBins,
    edges: rankBinEdges,
    context: new Set(before.map(({ id }) => id)),
    penalty: settings.repetition_penalty,
    banned: settings.no_repeat_ngram_size > 0 || blocked.some((steps) => frame.index < steps),
    coarse: model.dtype !== "float32",
  };
}

/** Returns the settings with which a run was sampled. */
export function controlsOf(run: RunRecord): Controls | null {
  if (!run.start) return null;
  const { temperature, top_k, top_p, min_p } = run.start.settings;
  return { temperature, top_k, top_p, min_p };
}

import type { RunSettings, SamplerStage } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";

/** One candidate and its probability after each control. */
export interface Flow {
  readonly id: number;
  readonly label: string;
  readonly said: boolean;
  /** The model's probability, then that after each stage; null after it was removed. */
  readonly probs: readonly (number | null)[];
  /** The column of the stage that removed it; -1 if it was not removed. */
  readonly cutAt: number;
}

/** The tokens without a row. */
export interface Others {
  readonly count: number;
  readonly prob: number;
}

export interface Waterfall {
  readonly stages: readonly SamplerStage[];
  readonly flows: readonly Flow[];
  /** Before the first stage and after each stage. */
  readonly others: readonly Others[];
}

/**
 * Returns all candidates with their probabilities. The generated token has a row even if it is not
 * in the list.
 */
export function waterfallOf(
  frame: TokenFrame,
  stages: readonly SamplerStage[],
  vocabulary: number,
): Waterfall {
  const flows = frame.top.map(({ id, text, prob }, place) =>
    flowOf(id, text, id === frame.id, [prob, ...stages.map(({ probs }) => probs[place] ?? null)]),
  );
  if (!flows.some(({ said }) => said)) {
    const probs = [frame.prob, ...stages.map(({ said }) => said ?? null)];
    flows.push(flowOf(frame.id, frame.label, true, probs));
  }
  const counts = [vocabulary, ...stages.map((stage) => stage.kept)];
  const others = counts.map((count, column) => {
    const shown = flows.map(({ probs }) => probs[column] ?? null).filter((prob) => prob !== null);
    const rest = 1 - shown.reduce((sum, prob) => sum + prob, 0);
    const left = Math.max(0, count - shown.length);
    return { count: left, prob: left === 0 ? 0 : Math.max(0, rest) };
  });
  return { stages, flows, others };
}

function flowOf(id: number, label: string, said: boolean, probs: (number | null)[]): Flow {
  return { id, label, said, probs, cutAt: probs.indexOf(null) };
}

interface Control {
  readonly name: string;
  readonly setting: keyof RunSettings;
  /** The value that turns the control off. */
  readonly off: number;
}

/** In the order in which they are applied. */
export const CONTROLS: readonly Control[] = [
  { name: "repetition_penalty", setting: "repetition_penalty", off: 1 },
  { name: "no_repeat_ngram", setting: "no_repeat_ngram_size", off: 0 },
  { name: "min_new_tokens", setting: "min_new_tokens", off: 0 },
  { name: "block_eos", setting: "block_eos_steps", off: 0 },
  { name: "block_ws", setting: "block_ws_steps", off: 0 },
  { name: "temperature", setting: "temperature", off: 1 },
  { name: "top_k", setting: "top_k", off: 0 },
  { name: "top_p", setting: "top_p", off: 1 },
  { name: "min_p", setting: "min_p", off: 0 },
];

/**
 * Returns the controls without a stage: those that are off, and those that are set but had no
 * effect.
 */
export function withoutStage(stages: readonly SamplerStage[], settings: RunSettings) {
  const acting = new Set(stages.map(({ control }) => control));
  const resting = CONTROLS.filter(({ name }) => !acting.has(name));
  const isOff = ({ setting, off }: Control) => settings[setting] === off;
  return {
    off: resting.filter(isOff).map(({ name }) => name),
    idle: resting.filter((control) => !isOff(control)).map(({ name }) => name),
  };
}

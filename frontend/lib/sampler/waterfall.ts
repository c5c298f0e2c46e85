import type { SamplerStage } from "@/lib/contract";
import type { ResolvedSettings, TokenFrame } from "@/lib/run/frames";

/** One candidate on its way through the controls. */
export interface Flow {
  readonly id: number;
  readonly label: string;
  readonly said: boolean;
  /** The model's own probability, then that after each stage; null once it was cut. */
  readonly probs: readonly (number | null)[];
  /** The stage that cut it, as a column; -1 where it could be drawn. */
  readonly cutAt: number;
}

/** What is not in a row of its own. */
export interface Others {
  readonly count: number;
  readonly prob: number;
}

export interface Waterfall {
  readonly stages: readonly SamplerStage[];
  readonly flows: readonly Flow[];
  /** For the model's own prediction and after each stage. */
  readonly others: readonly Others[];
}

/** The way of all candidates; the token that was said has a row also outside the list. */
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
  const kept = [vocabulary, ...stages.map((stage) => stage.kept)];
  const others = kept.map((count, column) => {
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
  readonly setting: string;
  /** Its value where it does nothing. */
  readonly off: number;
}

/** In the order in which they stand. */
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

/** The controls without a stage: those that are off, and those that are set but did not act. */
export function withoutStage(stages: readonly SamplerStage[], settings: ResolvedSettings) {
  const acting = new Set(stages.map(({ control }) => control));
  const resting = CONTROLS.filter(({ name }) => !acting.has(name));
  const isOff = ({ setting, off }: Control) => (settings[setting] ?? off) === off;
  return {
    off: resting.filter(isOff).map(({ name }) => name),
    idle: resting.filter((control) => !isOff(control)).map(({ name }) => name),
  };
}

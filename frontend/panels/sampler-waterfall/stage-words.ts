import type { SamplerStage } from "@/lib/contract";
import { words } from "./words";

const isGreedy = ({ control, setting }: SamplerStage) => control === "temperature" && setting === 0;

/** The name of a control without its value. */
export function shortName(stage: SamplerStage): string {
  return isGreedy(stage) ? words.greedy : (words.controls[stage.control] ?? stage.control);
}

/** The name of a control with its value. */
export const nameOf = (stage: SamplerStage): string =>
  isGreedy(stage) ? shortName(stage) : `${shortName(stage)} ${settingOf(stage)}`;

const settingOf = ({ setting }: SamplerStage): string => String(Number(setting.toPrecision(4)));

/** Describes in one sentence what a control does; null for the model itself. */
export function stageText(stage: SamplerStage | null): string {
  const text = words.stages[!stage ? "raw" : isGreedy(stage) ? "greedy" : stage.control];
  return typeof text === "function" ? text(stage ? settingOf(stage) : "") : (text ?? "");
}

import type { SamplerStage } from "@/lib/contract";
import { text } from "@/lib/text";

const isGreedy = ({ control, setting }: SamplerStage) => control === "temperature" && setting === 0;

/** The control, without its setting. */
export function shortName(stage: SamplerStage): string {
  const words = text.panels.waterfall;
  return isGreedy(stage) ? words.greedy : (words.controls[stage.control] ?? stage.control);
}

/** The control with its setting. */
export const nameOf = (stage: SamplerStage): string =>
  isGreedy(stage) ? shortName(stage) : `${shortName(stage)} ${settingOf(stage)}`;

const settingOf = ({ setting }: SamplerStage): string => String(Number(setting.toPrecision(4)));

/** One sentence on what a control does; null is the model itself. */
export function tellsOf(stage: SamplerStage | null): string {
  const { tells } = text.panels.waterfall;
  const told = tells[!stage ? "raw" : isGreedy(stage) ? "greedy" : stage.control];
  return typeof told === "function" ? told(stage ? settingOf(stage) : "") : (told ?? "");
}

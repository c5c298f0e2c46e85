import type { SamplerStage } from "@/lib/contract";
import { shortName, stageText } from "./stage-words";
import { words } from "./words";

/**
 * The cell in which a candidate was removed: the name of the control, over the bar that it had
 * before.
 */
export function Cut({ stage, before }: { stage: SamplerStage | undefined; before: number }) {
  if (!stage) return null;
  return (
    <span className="block" title={stageText(stage)}>
      <span className="block truncate text-micro text-quiet leading-4">
        <span aria-hidden>✕ </span>
        <span className="sr-only">{words.cut("")}</span>
        {shortName(stage)}
      </span>
      <span aria-hidden className="relative block h-1.5">
        <span
          className="absolute inset-y-0 left-0 min-w-px rounded-[1px] border border-edge/70 border-dashed"
          style={{ width: `${before * 100}%` }}
        />
      </span>
    </span>
  );
}

import type { SamplerStage } from "@/lib/contract";
import { text } from "@/lib/text";
import { shortName, tellsOf } from "./stage-words";

/** The end of a candidate: the control that cut it, over the ghost of what it had. */
export function Cut({ stage, before }: { stage: SamplerStage | undefined; before: number }) {
  const words = text.panels.waterfall;
  if (!stage) return null;
  return (
    <span className="block" title={tellsOf(stage)}>
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

import type { SamplerStage } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";
import { withoutStage } from "@/lib/sampler/waterfall";
import { text } from "@/lib/text";
import { formatCount } from "@/lib/text/numbers";
import { tellsOf } from "./stage-words";

interface WaterfallFootProps {
  run: RunRecord;
  frame: TokenFrame;
  stages: readonly SamplerStage[];
  /** The column under the pointer, 0 for the model itself. */
  pointed: number | null;
}

/** What the pointed control does, or what all of them left; and which do nothing here. */
export function WaterfallFoot({ run, frame, stages, pointed }: WaterfallFootProps) {
  const words = text.panels.waterfall;
  const of = formatCount(run.start?.rankBinEdges.at(-1) ?? 0);
  const sum = `${words.sum(formatCount(frame.distribution.kept), of)}${stages.length === 0 ? ` ${words.noStage}` : ""}`;
  const { off, idle } = run.start
    ? withoutStage(stages, run.start.settings)
    : { off: [], idle: [] };
  const names = (controls: readonly string[]) =>
    controls.map((control) => words.controls[control] ?? control).join(", ");
  return (
    <div className="min-h-13 pt-2 text-quiet text-xs">
      <p className="text-ink">
        {pointed === null ? sum : tellsOf(pointed === 0 ? null : (stages[pointed - 1] ?? null))}
      </p>
      {pointed === null && (
        <p className="text-micro">
          {off.length > 0 && `${words.off} ${names(off)}. `}
          {idle.length > 0 && `${words.idle} ${names(idle)}.`}
        </p>
      )}
    </div>
  );
}

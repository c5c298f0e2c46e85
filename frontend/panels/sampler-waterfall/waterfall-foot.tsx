import type { SamplerStage } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import { formatCount } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { stageText } from "./stage-words";
import { withoutStage } from "./waterfall";
import { words } from "./words";

interface WaterfallFootProps {
  run: RunRecord;
  frame: TokenFrame;
  stages: readonly SamplerStage[];
  /** The column under the pointer; 0 is the model itself. */
  pointed: number | null;
}

/** Describes the pointed control, or the result of all; and lists the controls without effect. */
export function WaterfallFoot({ run, frame, stages, pointed }: WaterfallFootProps) {
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
        {pointed === null ? sum : stageText(pointed === 0 ? null : (stages[pointed - 1] ?? null))}
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

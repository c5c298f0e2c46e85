"use client";

import { useState } from "react";
import type { SamplerStage } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import type { RunRecord } from "@/lib/run/run-record";
import { NotMeasured } from "@/panels/not-measured";
import type { PanelProps } from "../panel";
import { FlowRow } from "./flow-row";
import { OthersRow } from "./others-row";
import { waterfallOf } from "./waterfall";
import { WaterfallFoot } from "./waterfall-foot";
import { WaterfallHead } from "./waterfall-head";
import { words } from "./words";

export { stagesTable as table } from "./table";

/** Shows the candidates after each sampling control, one column per control. */
export default function SamplerWaterfall({ run, frame }: PanelProps) {
  if (!frame?.samplerStages) return <NotMeasured run={run} probe="sampler_stages" />;
  return <Waterfall run={run} frame={frame} stages={frame.samplerStages} />;
}

interface WaterfallProps {
  run: RunRecord;
  frame: TokenFrame;
  stages: readonly SamplerStage[];
}

function Waterfall({ run, frame, stages }: WaterfallProps) {
  const vocabulary = run.start?.rankBinEdges.at(-1) ?? 0;
  const { flows, others } = waterfallOf(frame, stages, vocabulary);
  const [pointed, setPointed] = useState<number | null>(null);
  const columns = stages.length + 1;
  return (
    <div className="flex h-full flex-col">
      <div
        role="group"
        tabIndex={0}
        aria-label={words.tableLabel}
        className="scroll-thin relative -mr-2 min-h-0 flex-1 overflow-auto pr-2"
      >
        <table
          className="w-full table-fixed border-separate border-spacing-0"
          style={{ minWidth: `${6.5 + columns * 5.25}rem` }}
          onPointerLeave={() => setPointed(null)}
        >
          <WaterfallHead stages={stages} vocabulary={vocabulary} onPoint={setPointed} />
          <tbody>
            {flows.map((flow, place) => (
              // Keyed by place instead of token, so that rows stay in place and their bars move.
              <FlowRow key={place} flow={flow} stages={stages} forced={frame.forced} />
            ))}
            <OthersRow others={others} />
          </tbody>
        </table>
      </div>
      <WaterfallFoot run={run} frame={frame} stages={stages} pointed={pointed} />
    </div>
  );
}

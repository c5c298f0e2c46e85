"use client";

import { useState } from "react";
import { NotMeasured } from "@/components/not-measured";
import { FlowRow } from "@/components/sampler/flow-row";
import { OthersRow } from "@/components/sampler/others-row";
import { WaterfallFoot } from "@/components/sampler/waterfall-foot";
import { WaterfallHead } from "@/components/sampler/waterfall-head";
import type { SamplerStage } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";
import { waterfallOf } from "@/lib/sampler/waterfall";
import { text } from "@/lib/text";
import type { PanelProps } from "./panel";

/** What each sampling control made of the candidates, one column after the other. */
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
  const words = text.panels.waterfall;
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
              // The place, not the token: rows stay where they are and their bars move.
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

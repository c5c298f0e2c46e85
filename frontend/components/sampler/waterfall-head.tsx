import { classNames } from "@/components/ui/class-names";
import type { SamplerStage } from "@/lib/contract";
import { text } from "@/lib/text";
import { formatCount } from "@/lib/text/numbers";
import { nameOf, tellsOf } from "./stage-words";

interface WaterfallHeadProps {
  stages: readonly SamplerStage[];
  vocabulary: number;
  onPoint: (column: number | null) => void;
}

/** A column for the model and for each control that acted, with how many candidates it left. */
export function WaterfallHead({ stages, vocabulary, onPoint }: WaterfallHeadProps) {
  const words = text.panels.waterfall;
  const cell = "sticky top-0 bg-sheet pb-2 align-bottom font-normal text-left text-micro";
  return (
    <thead>
      <tr>
        <th scope="col" className={classNames(cell, "left-0 z-20 w-26 text-quiet")}>
          {words.token}
        </th>
        {[null, ...stages].map((stage, column) => (
          <th
            key={stage?.control ?? "raw"}
            scope="col"
            title={tellsOf(stage)}
            onPointerEnter={() => onPoint(column)}
            className={classNames(cell, "z-10 border-rule border-l pl-2")}
          >
            <span className="block font-medium text-ink leading-tight">
              {stage ? nameOf(stage) : words.raw}
            </span>
            <span className="figures block text-quiet">
              {words.left(formatCount(stage?.kept ?? vocabulary))}
            </span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

import { classNames } from "@/components/ui/class-names";
import type { SamplerStage } from "@/lib/contract";
import { formatCount } from "@/lib/i18n/numbers";
import { nameOf, stageText } from "./stage-words";
import { words } from "./words";

interface WaterfallHeadProps {
  stages: readonly SamplerStage[];
  vocabulary: number;
  onPoint: (column: number | null) => void;
}

/**
 * One column for the model and for each active control, with the number of candidates that it left.
 */
export function WaterfallHead({ stages, vocabulary, onPoint }: WaterfallHeadProps) {
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
            title={stageText(stage)}
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

import { memo } from "react";
import { classNames } from "@/components/ui/class-names";
import type { TokenFrame } from "@/lib/contract/frames";
import { formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { CutChip } from "./cut-chip";
import { Figure } from "./figure";
import { RowName } from "./row-name";
import { COLUMNS } from "./rows";

interface RowProps {
  frame: TokenFrame;
  place: number;
}

/**
 * The elements of a row stay the same at every step. Only texts and the mark of the chosen token
 * change.
 */
export const Row = memo(function Row({ frame, place }: RowProps) {
  const candidate = frame.top[place];
  if (!candidate) return null;
  const { prob, sampled_prob: drawn, cut_by: cutBy, logit } = candidate;
  return (
    <tr
      aria-current={candidate.id === frame.id || undefined}
      className={classNames(COLUMNS, "group relative h-[1.625rem] items-center")}
    >
      <th scope="row" className="pl-1.5 text-left font-normal">
        <RowName frame={frame} place={place} candidate={candidate} />
      </th>
      <td aria-hidden className="px-2">
        <span data-room className="block h-3.5 rounded-[2px] bg-well" />
      </td>
      <td className="figures text-right text-xs">
        <Figure>{formatPercent(prob)}</Figure>
      </td>
      <td className="figures text-right text-xs">
        <Figure>{cutBy ? <CutChip control={cutBy} /> : formatPercent(drawn)}</Figure>
      </td>
      <td className="figures pr-1.5 text-right text-quiet text-xs look:hidden">
        <Figure>{formatMeasure(logit)}</Figure>
      </td>
    </tr>
  );
});

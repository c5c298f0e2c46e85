import { TokenLabel } from "@/components/tokens/token-label";
import { classNames } from "@/components/ui/class-names";
import type { SamplerStage } from "@/lib/contract";
import { Cut } from "./cut";
import { Share } from "./share";
import type { Flow } from "./waterfall";
import { words } from "./words";

interface FlowRowProps {
  flow: Flow;
  stages: readonly SamplerStage[];
  forced: boolean;
}

/** One candidate and its probability after each control. */
export function FlowRow({ flow, stages, forced }: FlowRowProps) {
  const { label, said, probs, cutAt } = flow;
  const ground = said ? "bg-accent-wash" : "bg-sheet";
  return (
    <tr aria-current={said || undefined}>
      <th
        scope="row"
        className={classNames("sticky left-0 z-10 h-7 text-left font-normal", ground)}
      >
        <span className="flex items-center gap-1 pl-1.5">
          <TokenLabel
            label={label}
            className={classNames("truncate", said && "font-semibold", cutAt > 0 && "text-quiet")}
          />
          {said && (
            <span className="whitespace-nowrap text-accent-strong text-micro">
              <span aria-hidden>◂ </span>
              {forced ? words.forced : words.said}
            </span>
          )}
        </span>
      </th>
      {probs.map((_, column) => (
        <td
          key={stages[column - 1]?.control ?? "raw"}
          className={classNames("h-7 border-rule border-l px-2", ground)}
        >
          <Cell flow={flow} column={column} stage={stages[column - 1]} />
        </td>
      ))}
    </tr>
  );
}

interface CellProps {
  flow: Flow;
  column: number;
  /** The control of the column; undefined in the model's own column. */
  stage: SamplerStage | undefined;
}

/** Shows the probability, or which control removed the candidate; later columns are empty. */
function Cell({ flow: { probs, said, cutAt }, column, stage }: CellProps) {
  const prob = probs[column] ?? null;
  const before = probs[column - 1] ?? null;
  if (prob !== null) return <Share prob={prob} before={before} said={said} />;
  return column === cutAt && <Cut stage={stage} before={before ?? 0} />;
}

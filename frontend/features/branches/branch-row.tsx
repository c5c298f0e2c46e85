import { TokenLabel } from "@/components/tokens/token-label";
import { classNames } from "@/components/ui/class-names";
import { formatPercent } from "@/lib/i18n/numbers";
import type { PlacedBranch } from "@/lib/run/branches";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { words as statusWords } from "@/lib/run/words";
import { visible } from "@/lib/text/characters";
import { branchTitle } from "./branch-title";
import { words as branchesWords } from "./words";

interface BranchRowProps {
  row: PlacedBranch;
  record: RunRecord | undefined;
  /** Number of tokens that the full width of a track stands for. */
  axis: number;
  chosen: boolean;
  selected: number | null;
}

/** Height of a row in pixels. Also used for the lines that connect rows. */
const HEIGHT = 28;

/** The row of a run: its title, and its tokens as a line that starts at the fork. */
export function BranchRow({ row, record, axis, chosen, selected }: BranchRowProps) {
  const { branch, depth } = row;
  const written = record?.frames.length ?? 0;
  const shownAt = selected === null ? written : selected + 1;
  return (
    <div
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={chosen}
      aria-label={describe(row, record)}
      tabIndex={chosen ? 0 : -1}
      data-branch={branch.id}
      style={{ height: HEIGHT }}
      className={classNames(
        "grid cursor-pointer grid-cols-[minmax(0,11rem)_minmax(0,1fr)_3.25rem] items-center gap-x-3 rounded-md px-2 sm:grid-cols-[minmax(0,17rem)_minmax(0,1fr)_6.5rem]",
        chosen ? "bg-well" : "hover:bg-well/60",
      )}
    >
      <Title row={row} record={record} chosen={chosen} />
      <span aria-hidden className="relative h-full">
        <Track row={row} record={record} axis={axis} chosen={chosen} />
        {chosen && written > 0 && (
          <span
            className="absolute top-1/2 h-3.5 w-0.5 -translate-x-1/2 -translate-y-1/2 bg-accent"
            style={{ left: share(shownAt, axis) }}
          />
        )}
      </span>
      <span aria-hidden className="flex items-center justify-end gap-1.5 text-micro text-quiet">
        {record && isBusy(record) && <span className="breathing size-1.5 rounded-full bg-ink" />}
        {record?.phase === "failed" ? (
          <span className="font-medium text-error">{branchesWords.broken}</span>
        ) : (
          <span>
            <span className="figures text-ink">{written}</span>
            <span className="max-sm:hidden"> {statusWords.tokens}</span>
          </span>
        )}
      </span>
    </div>
  );
}

interface PartProps {
  row: PlacedBranch;
  record: RunRecord | undefined;
  chosen: boolean;
}

function Title({ row: { branch, depth }, record, chosen }: PartProps) {
  const { fork } = branch;
  return (
    <span
      aria-hidden
      className="flex min-w-0 items-baseline gap-2"
      style={{ paddingLeft: `${Math.min(depth, 4) * 0.75}rem` }}
    >
      {fork && <span className="figures shrink-0 text-micro text-quiet">{fork.step}</span>}
      {branch.name || !fork ? (
        <span className={classNames("truncate text-small", chosen && "font-medium")}>
          {branchTitle(branch, record)}
        </span>
      ) : (
        <TokenLabel
          label={fork.token.text}
          className={classNames("truncate text-accent-strong", chosen && "font-semibold")}
        />
      )}
      {fork && (
        <span className="figures shrink-0 text-micro text-quiet">
          {formatPercent(fork.token.prob)} %
        </span>
      )}
    </span>
  );
}

/** A line for the run's own tokens, connected at the fork to the row of the parent run. */
function Track({ row, record, axis, chosen }: PartProps & { axis: number }) {
  const from = row.branch.fork?.step ?? 0;
  const to = record?.frames.length ?? 0;
  return (
    <>
      {row.below > 0 && (
        <span
          className="pointer-events-none absolute bottom-1/2 w-2.5 rounded-bl-md border-edge border-b-[1.5px] border-l-[1.5px]"
          style={{ left: share(from, axis), height: row.below * HEIGHT - 3 }}
        />
      )}
      <span
        className={classNames(
          "absolute top-1/2 h-[3px] -translate-y-1/2 rounded-full",
          chosen ? "bg-ink" : "bg-edge/70",
        )}
        style={{
          left: `calc(${share(from, axis)} + ${row.below > 0 ? 8 : 0}px)`,
          right: `calc(100% - ${share(Math.max(to, from), axis)})`,
        }}
      />
    </>
  );
}

const share = (tokens: number, axis: number): string => `${Math.min(1, tokens / axis) * 100}%`;

function describe({ branch }: PlacedBranch, record: RunRecord | undefined): string {
  const written = record?.frames.length ?? 0;
  const state = record?.phase === "failed" ? branchesWords.broken : "";
  const { fork } = branch;
  const name = branchTitle(branch, record);
  if (!fork) return branchesWords.describeRoot(name, written, state);
  return branchesWords.describe({
    name: branch.name && name,
    token: visible(fork.token.text),
    percent: formatPercent(fork.token.prob),
    instead: visible(fork.instead),
    step: fork.step,
    written,
    state,
  });
}

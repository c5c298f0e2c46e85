"use client";

import { ArrowLeft, Scale } from "lucide-react";
import { useMemo } from "react";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/input";
import { branchTitle } from "@/features/branches/branch-title";
import { useRecords } from "@/features/branches/use-records";
import { words as headerWords } from "@/features/header/words";
import { type Branch, branchOf } from "@/lib/run/branches";
import { continuation, forcedTokens, repeated } from "@/lib/run/continuation";
import { useSessionState } from "@/lib/run/run-context";
import type { RunRecord } from "@/lib/run/run-record";
import { type Comparison, openView, viewStore } from "@/lib/views/view";
import { comparison } from "./current-comparison";
import { PairView } from "./pair-view";
import { words as compareWords } from "./words";

/** Shows two branches of this visit side by side, as they were recorded. */
export function SideBySideView({ beside, onPanels }: { beside: Comparison; onPanels: () => void }) {
  const branches = useSessionState((state) => state.branches);
  const chosen = useMemo(
    () => [branchOf(branches, beside.left), branchOf(branches, beside.right)],
    [branches, beside],
  );
  const [a, b] = useRecords(chosen);
  if (!a || !b) return null;
  const measure = () => {
    openView("compare");
    if (a.start && b.start) {
      void comparison.run({ a: requestOf(a), b: requestOf(b), mode: "own" });
    }
  };
  return (
    <PairView
      records={{ a, b }}
      divergences={[]}
      common={null}
      summary={null}
      going={false}
      measured={false}
      onPanels={onPanels}
    >
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Choice side="left" beside={beside} branches={branches} />
        <Choice side="right" beside={beside} branches={branches} />
        <Button onClick={measure} disabled={!a.start || !b.start} title={compareWords.measureHint}>
          <Scale size={14} aria-hidden />
          {compareWords.measure}
        </Button>
        <Button variant="quiet" onClick={() => openView("instrument")}>
          <ArrowLeft size={14} aria-hidden />
          {headerWords.views.back}
        </Button>
      </div>
    </PairView>
  );
}

/** Returns the settings that repeat the run with the same tokens. */
function requestOf(run: RunRecord) {
  if (!run.start) throw new Error("a run that has not started cannot be repeated");
  const ids =
    continuation(
      run.start,
      run.frames.map(({ id }) => id),
    ).forced_ids ?? forcedTokens(run.start);
  return repeated(run.start, ids);
}

interface ChoiceProps {
  side: keyof Comparison;
  beside: Comparison;
  branches: readonly Branch[];
}

function Choice({ side, beside, branches }: ChoiceProps) {
  const words = compareWords.choose[side];
  const records = useRecords(branches);
  return (
    <Select
      aria-label={words}
      className="h-9 w-auto max-w-60"
      value={branchOf(branches, beside[side]).id}
      onChange={(event) =>
        viewStore.setState({ beside: { ...beside, [side]: Number(event.target.value) } })
      }
    >
      {branches.map((branch, place) => (
        <option key={branch.id} value={branch.id}>
          {branchTitle(branch, records[place])}
        </option>
      ))}
    </Select>
  );
}

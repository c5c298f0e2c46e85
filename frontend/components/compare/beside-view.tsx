"use client";

import { ArrowLeft, Scale } from "lucide-react";
import { useMemo } from "react";
import { comparison } from "@/lib/compare/current";
import { type Branch, branchOf } from "@/lib/run/branches";
import { continuation, forcedIds, repeated } from "@/lib/run/run-controller";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { type Beside, openView, viewStore } from "@/lib/views/view";
import { branchTitle } from "../branches/branch-title";
import { useRecords } from "../branches/use-records";
import { useSessionState } from "../run-context";
import { Button } from "../ui/button";
import { Select } from "../ui/input";
import { PairView } from "./pair-view";

/** Two branches of this visit as they were recorded, side by side. */
export function BesideView({ beside, onPanels }: { beside: Beside; onPanels: () => void }) {
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
      void comparison.run({ a: asked(a), b: asked(b), mode: "own" });
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
        <Button onClick={measure} disabled={!a.start || !b.start} title={text.compare.measureHint}>
          <Scale size={14} aria-hidden />
          {text.compare.measure}
        </Button>
        <Button variant="quiet" onClick={() => openView("instrument")}>
          <ArrowLeft size={14} aria-hidden />
          {text.views.back}
        </Button>
      </div>
    </PairView>
  );
}

/** The run once more, along all that was received of it. */
function asked(run: RunRecord) {
  if (!run.start) throw new Error("a run that never began cannot be asked for again");
  const ids = continuation(run.start, run.frames).forced_ids ?? forcedIds(run.start);
  return repeated(run.start, ids);
}

interface ChoiceProps {
  side: keyof Beside;
  beside: Beside;
  branches: readonly Branch[];
}

function Choice({ side, beside, branches }: ChoiceProps) {
  const words = text.compare.choose[side];
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

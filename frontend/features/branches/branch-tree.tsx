"use client";

import { type KeyboardEvent, useRef, useState } from "react";
import { placed } from "@/lib/run/branches";
import { useRunState, useSession, useSessionState } from "@/lib/run/run-context";
import { niceMax } from "@/lib/scales/nice";
import { BranchActions } from "./branch-actions";
import { BranchName } from "./branch-name";
import { BranchRow } from "./branch-row";
import { useRecords } from "./use-records";
import { words } from "./words";

/** The runs of this visit as trees. All rows share one horizontal axis of tokens. */
export default function BranchTree() {
  const session = useSession();
  const branches = useSessionState((state) => state.branches);
  const chosen = useSessionState((state) => state.chosen);
  const selected = useRunState((state) => state.selected);
  const [renaming, setRenaming] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const rows = placed(branches);
  const records = useRecords(branches);
  const longest = Math.max(1, ...records.map(({ frames }) => frames.length));
  const shown = rows.find(({ branch }) => branch.id === chosen);

  const walk = (event: KeyboardEvent) => {
    const next = nextRow(event.key, shown ? rows.indexOf(shown) : -1, rows.length);
    const id = next === null ? undefined : rows[next]?.branch.id;
    if (id !== undefined) {
      session.choose(id);
      list.current?.querySelector<HTMLElement>(`[data-branch="${id}"]`)?.focus();
    } else if (event.key === "Delete") session.remove(chosen);
    else if (event.key === "F2") setRenaming(true);
    else return;
    event.preventDefault();
  };

  return (
    <section aria-label={words.label} data-terms className="relative bg-sheet px-5 py-2">
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-x-4">
        {renaming && shown ? (
          <BranchName branch={shown.branch} onEnd={() => setRenaming(false)} />
        ) : (
          <h2 className="font-medium text-small">
            {words.title}{" "}
            <span className="figures font-normal text-quiet text-xs">{branches.length}</span>
          </h2>
        )}
        {shown && <BranchActions branch={shown.branch} onRename={() => setRenaming(true)} />}
      </div>
      <div
        ref={list}
        role="tree"
        aria-label={words.treeLabel}
        tabIndex={-1}
        onKeyDown={walk}
        onClick={(event) => {
          const row = (event.target as Element).closest<HTMLElement>("[data-branch]");
          if (row) session.choose(Number(row.dataset.branch));
        }}
        className="scroll-thin -mx-1 max-h-38 overflow-y-auto px-1 pb-0.5 lg:max-h-31"
      >
        {rows.map((row) => (
          <BranchRow
            key={row.branch.id}
            row={row}
            record={records[branches.indexOf(row.branch)]}
            axis={niceMax(longest)}
            chosen={row === shown}
            selected={row === shown ? selected : null}
          />
        ))}
      </div>
    </section>
  );
}

function nextRow(key: string, at: number, count: number): number | null {
  const moves: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: count - 1,
  };
  const next = moves[key];
  return next === undefined ? null : Math.max(0, Math.min(count - 1, next));
}

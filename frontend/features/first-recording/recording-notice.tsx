"use client";

import type { ReactNode } from "react";
import { CloseButton } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { useRunState } from "@/lib/run/run-context";
import { words } from "./words";

interface RecordingNoticeProps {
  /** The model of the recording, as long as the recording itself is not loaded. */
  model: string | null;
  /** Whether the page may be one that shows no recording (RECORDING_SCRIPT). */
  undecided: boolean;
  onClose: () => void;
  /** Buttons that begin a run. */
  children: ReactNode;
}

/** Says that the shown run is a recording, and offers runs of one's own. */
export function RecordingNotice({ model, undecided, onClose, children }: RecordingNoticeProps) {
  const shown = useRunState(
    ({ run }) => run.start && (run.start.model.title || run.start.model.name),
  );
  const name = shown ?? model;
  if (!name) return null;
  return (
    <div
      className={classNames(
        "mb-1.5 min-h-7 items-start gap-x-3",
        undecided ? "hidden recorded:flex" : "flex",
      )}
    >
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-1.5 text-small">
        <strong className="rounded bg-well px-2 py-0.5 font-medium">{words.mark(name)}</strong>
        <span className="text-quiet max-sm:sr-only">{words.detail}</span>
        {children}
      </div>
      <CloseButton label={words.close} onClick={onClose} className="-mr-1.5" />
    </div>
  );
}

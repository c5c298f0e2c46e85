"use client";

import type { ReactNode } from "react";
import { CloseButton } from "@/components/ui/button";
import { useRunState } from "@/lib/run/run-context";
import { words } from "./words";

interface RecordingNoticeProps {
  onClose: () => void;
  /** Buttons that begin a run. */
  children: ReactNode;
}

/** Says that the shown run is a recording, and offers runs of one's own. */
export default function RecordingNotice({ onClose, children }: RecordingNoticeProps) {
  const model = useRunState(({ run }) => run.start?.model);
  if (!model) return null;
  return (
    <div className="mb-1.5 flex min-h-7 items-start gap-x-3">
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-1.5 text-small">
        <strong className="rounded bg-well px-2 py-0.5 font-medium">
          {words.mark(model.title || model.name)}
        </strong>
        <span className="text-quiet max-sm:sr-only">{words.detail}</span>
        {children}
      </div>
      <CloseButton label={words.close} onClick={onClose} className="-mr-1.5" />
    </div>
  );
}

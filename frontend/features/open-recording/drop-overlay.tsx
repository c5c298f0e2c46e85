"use client";

import { FolderOpen } from "lucide-react";
import { words } from "./words";

/** Covers the page while something is dragged over it. `model`: whether a model can be opened. */
export default function DropOverlay({ model }: { model: boolean }) {
  return (
    <div
      aria-hidden
      className="pointer-events-none fixed inset-0 z-50 grid place-items-center bg-paper/80"
    >
      <div className="flex items-center gap-3 rounded-xl border-2 border-ink border-dashed bg-sheet px-8 py-6">
        <FolderOpen size={20} className="text-quiet" />
        <div>
          <p className="font-medium text-base">{words.drop}</p>
          {model && <p className="text-quiet text-small">{words.dropModel}</p>}
        </div>
      </div>
    </div>
  );
}

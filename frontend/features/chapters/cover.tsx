"use client";

import { EyeOff } from "lucide-react";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { type Box, followBoxes } from "./use-part-boxes";
import { words } from "./words";

/** Covers the run, so that its next word is not read before it was guessed. */
export function Cover() {
  const [box, setBox] = useState<Box | null>(null);
  useEffect(() => {
    const run = document.getElementById("run");
    if (!run) return;
    run.inert = true;
    const stop = followBoxes([run], ([found]) => setBox(found ?? null));
    return () => {
      stop();
      run.inert = false;
    };
  }, []);
  if (!box) return null;
  const { left, width } = box;
  const top = Math.max(0, box.top);
  const height = Math.min(window.innerHeight, box.top + box.height) - top;
  // Outside of the sheet, which is above it on a phone.
  return createPortal(
    <div
      aria-hidden
      data-cover
      style={{ left, top, width, height }}
      className="fixed z-25 flex items-start justify-center bg-paper/80 pt-[18svh] backdrop-blur-lg print:hidden"
    >
      <p className="flex items-center gap-2 rounded-lg border border-rule bg-sheet px-4 py-2.5 text-small shadow-lg">
        <EyeOff size={16} aria-hidden />
        {words.covered}
      </p>
    </div>,
    document.body,
  );
}

"use client";

import { FolderOpen } from "lucide-react";
import { useEffect, useState } from "react";
import { useOpenRecording } from "./use-open-recording";
import { words } from "./words";

/** Opens a recording that is dropped anywhere on the page. */
export function RecordingDrop() {
  const open = useOpenRecording();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onDragOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      setOver(true);
    };
    // relatedTarget is null when the pointer leaves the page, not when it moves between elements.
    const onDragLeave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const onDrop = (event: DragEvent) => {
      const [file] = event.dataTransfer?.files ?? [];
      setOver(false);
      if (!file) return;
      event.preventDefault();
      open(file);
    };
    window.addEventListener("dragover", onDragOver);
    window.addEventListener("dragleave", onDragLeave);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragover", onDragOver);
      window.removeEventListener("dragleave", onDragLeave);
      window.removeEventListener("drop", onDrop);
    };
  }, [open]);
  if (!over) return null;
  return (
    <div
      aria-hidden
      className="pointer-events-none fixed inset-0 z-50 grid place-items-center bg-paper/80"
    >
      <p className="flex items-center gap-3 rounded-xl border-2 border-ink border-dashed bg-sheet px-8 py-6 font-medium text-base">
        <FolderOpen size={20} className="text-quiet" />
        {words.drop}
      </p>
    </div>
  );
}

"use client";

import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { orNothing } from "@/components/ui/or-nothing";
import { useOpenRecording } from "./use-open-recording";

/** Loaded when something is dragged over the page. */
const DropOverlay = dynamic(() => orNothing(import("./drop-overlay")));

/** A folder, or several files. */
export interface Dropped {
  readonly files: readonly File[];
  readonly entries: readonly (FileSystemEntry | null)[];
  /** Opens a recording instead. */
  readonly open: (file: File) => void;
}

interface RecordingDropProps {
  /** Opens a folder or several files; without it, the first file is opened. */
  onFolder?: (dropped: Dropped) => void;
}

/** Opens a recording that is dropped anywhere on the page. */
export function RecordingDrop({ onFolder }: RecordingDropProps) {
  const open = useOpenRecording();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    const on = (type: "dragover" | "dragleave" | "drop", act: (event: DragEvent) => void) =>
      window.addEventListener(type, act, abort);
    on("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      setOver(true);
    });
    // relatedTarget is null when the pointer leaves the page, not when it moves between elements.
    on("dragleave", (event) => event.relatedTarget === null && setOver(false));
    on("drop", (event) => {
      setOver(false);
      const { files: list = [], items = [] } = event.dataTransfer ?? {};
      const files = [...list];
      const [file] = files;
      if (!file) return;
      event.preventDefault();
      // They can only be read now.
      const entries = Array.from(items, (item) => item.webkitGetAsEntry());
      if (onFolder && (files[1] || entries[0]?.isDirectory)) onFolder({ files, entries, open });
      else open(file);
    });
    return () => abort.abort();
  }, [open, onFolder]);
  return over ? <DropOverlay model={onFolder !== undefined} /> : null;
}

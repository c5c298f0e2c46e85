"use client";

import { Info } from "lucide-react";
import { useStore } from "zustand";
import { addressState } from "@/lib/url-state/address-bar";
import { words } from "./words";

/** Says that the settings are too long for a link, and where they are kept instead. */
export function AddressNote({ empty }: { empty: boolean }) {
  const holds = useStore(addressState, (state) => state.holds);
  if (holds === "everything" || (holds === "unknown" && !empty)) return null;
  return (
    <p role="status" className="mb-3 flex gap-2 rounded-md bg-well px-3 py-2 text-small">
      <Info size={14} aria-hidden className="mt-1 shrink-0 text-quiet" />
      {words.address[holds]}
    </p>
  );
}

"use client";

import { useCallback, useEffect, useState } from "react";

/** A field that must be seen, since something is wrong with it. */
export interface FieldReveal {
  readonly name: string | null;
  readonly reveal: (name: string) => void;
  readonly revealed: () => void;
}

export function useFieldReveal(): FieldReveal {
  const [name, setName] = useState<string | null>(null);
  return { name, reveal: setName, revealed: useCallback(() => setName(null), []) };
}

/** Shows and focuses the wanted field, after `unfold` has made the part of the form visible. */
export function useRevealedField(
  { name, revealed }: FieldReveal,
  unfold: (name: string) => void,
): void {
  const [unfolded, setUnfolded] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new name reveals
  useEffect(() => {
    if (name === null) return;
    unfold(name);
    // Set together, so the part is in the document when the next effect runs.
    setUnfolded(name);
    revealed();
  }, [name]);
  useEffect(() => {
    if (unfolded === null) return;
    showControl(unfolded);
    setUnfolded(null);
  }, [unfolded]);
}

/** Opens the closed sections around a field's control and puts the focus there. */
function showControl(name: string): void {
  const control = document.getElementById(`setting-${name}`);
  if (!control) return;
  let section = control.closest("details");
  while (section) {
    section.open = true;
    section = section.parentElement?.closest("details") ?? null;
  }
  control.focus({ preventScroll: true });
  control.scrollIntoView({ block: "center" });
}

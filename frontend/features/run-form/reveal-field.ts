"use client";

import { useCallback, useEffect, useState } from "react";

/** The field to scroll to and focus, for example because its value is invalid. */
export interface FieldReveal {
  readonly name: string | null;
  readonly reveal: (name: string) => void;
  readonly revealed: () => void;
}

export function useFieldReveal(): FieldReveal {
  const [name, setName] = useState<string | null>(null);
  return { name, reveal: setName, revealed: useCallback(() => setName(null), []) };
}

/**
 * Scrolls to the field and focuses it. `unfold` is called before, to render its part of the form.
 */
export function useRevealedField(
  { name, revealed }: FieldReveal,
  unfold: (name: string) => void,
): void {
  const [unfolded, setUnfolded] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs only when the name changes
  useEffect(() => {
    if (name === null) return;
    unfold(name);
    // Set together, so that the part is rendered when the next effect runs.
    setUnfolded(name);
    revealed();
  }, [name]);
  useEffect(() => {
    if (unfolded === null) return;
    showControl(unfolded);
    setUnfolded(null);
  }, [unfolded]);
}

/** Opens the sections that contain a field, and focuses the field. */
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

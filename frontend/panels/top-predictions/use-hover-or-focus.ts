"use client";

import { useState } from "react";

/**
 * Returns whether the pointer or the keyboard focus is in an element, and the event handlers for
 * it.
 */
export function useHoverOrFocus() {
  const [pointer, setPointer] = useState(false);
  const [keyboard, setKeyboard] = useState(false);
  const holding = {
    onPointerMove: () => setPointer(true),
    onPointerLeave: () => setPointer(false),
    onFocus: () => setKeyboard(true),
    onBlur: () => setKeyboard(false),
  };
  return [pointer || keyboard, holding] as const;
}

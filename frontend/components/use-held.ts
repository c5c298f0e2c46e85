"use client";

import { useState } from "react";

/** Whether the pointer or the keyboard is within an element, and the listeners to tell. */
export function useHeld() {
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

"use client";

import { useEffect } from "react";
import { useStore } from "zustand";
import { foldStore, followFold } from "./fold";

/** Whether the settings are folded, on wide screens. */
export function useFolded(): boolean {
  useEffect(followFold, []);
  return useStore(foldStore, ({ folded }) => folded);
}

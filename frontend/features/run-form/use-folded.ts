"use client";

import { useEffect } from "react";
import { useStore } from "zustand";
import { chapterStore } from "@/lib/chapters/chapters";
import { isPresenting } from "@/lib/present/present";
import { foldStore, followFold } from "./fold";

/**
 * Whether the settings are folded, on wide screens. An open chapter has their place, so that it does
 * not cover the run; in Present mode there is no room for both.
 */
export function useFolded(): boolean {
  useEffect(followFold, []);
  const isReading = useStore(chapterStore, (chapter) => chapter !== "none");
  return useStore(foldStore, ({ folded }) => folded && (!isReading || isPresenting()));
}

"use client";

import { useEffect } from "react";
import { useStore } from "zustand";
import { readAddress } from "@/lib/url-state/address-bar";
import { type ChosenHead, chosenHead } from "./chosen-head";

/** Returns the head chosen in an attention panel, or by the link; null for none. */
export function useChosenHead(): ChosenHead | null {
  useEffect(() => {
    if (readAddress().has("attention")) void import("./choice");
  }, []);
  return useStore(chosenHead, ({ chosen }) => chosen);
}

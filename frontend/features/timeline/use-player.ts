"use client";

import { useStore } from "zustand";
import { useRunContext } from "@/lib/run/run-context";
import { type Player, type PlayerState, playerOf } from "@/lib/timeline/player";

/** Returns the player of the shown run. */
export const usePlayer = (): Player => playerOf(useRunContext().store);

export const usePlayerState = <T>(selector: (state: PlayerState) => T): T =>
  useStore(usePlayer(), selector);

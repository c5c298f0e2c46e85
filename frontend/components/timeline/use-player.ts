"use client";

import { useStore } from "zustand";
import { type Player, type PlayerState, playerOf } from "@/lib/timeline/player";
import { useRunContext } from "../run-context";

/** The player of the run that is shown. */
export const usePlayer = (): Player => playerOf(useRunContext().store);

export const usePlayerState = <T>(selector: (state: PlayerState) => T): T =>
  useStore(usePlayer(), selector);

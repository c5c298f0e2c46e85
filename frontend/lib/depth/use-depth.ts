"use client";

import { useStore } from "zustand";
import { type Depth, depthStore } from "./depth";

export const useDepth = (): Depth => useStore(depthStore);

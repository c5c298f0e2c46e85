"use client";

import { useStore } from "zustand";
import { presentStore } from "./present";

export const usePresent = (): boolean => useStore(presentStore) === "on";

"use client";

import { createContext, type ReactNode, useContext, useState } from "react";
import { useStore } from "zustand";
import { createRunController, type RunController } from "@/lib/run/run-controller";
import { createRunStore, type RunState, type RunStore } from "@/lib/run/run-store";
import { openRun } from "@/lib/transport/run-stream";

interface RunContextValue {
  readonly store: RunStore;
  readonly controller: RunController;
}

const RunContext = createContext<RunContextValue | null>(null);

export function createRunContext(): RunContextValue {
  const store = createRunStore();
  return { store, controller: createRunController(store, openRun) };
}

export function RunProvider({ value, children }: { value?: RunContextValue; children: ReactNode }) {
  const [own] = useState(() => value ?? createRunContext());
  return <RunContext value={own}>{children}</RunContext>;
}

export function useRunContext(): RunContextValue {
  const value = useContext(RunContext);
  if (!value) throw new Error("useRunContext needs a RunProvider above it");
  return value;
}

export function useRunState<T>(selector: (state: RunState) => T): T {
  return useStore(useRunContext().store, selector);
}

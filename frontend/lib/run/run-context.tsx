"use client";

import { createContext, type ReactNode, useContext, useState } from "react";
import { useStore } from "zustand";
import { openRun } from "@/lib/client/run-stream";
import { pace } from "@/lib/pace/pace";
import { branchOf } from "./branches";
import { createRunController, type RunController } from "./run-controller";
import { createRunStore, type RunState, type RunStore } from "./run-store";
import { createSession, type Session, type SessionState } from "./session";

interface RunContextValue {
  readonly store: RunStore;
  readonly controller: RunController;
}

const SessionContext = createContext<Session | null>(null);
const RunContext = createContext<RunContextValue | null>(null);

/** Creates a run that is not part of the session. */
export function createRunContext(): RunContextValue {
  const store = createRunStore(undefined, undefined, true);
  return { store, controller: createRunController(store, openRun) };
}

/** Provides the session's runs to its children, and the chosen one as the current run. */
export function SessionProvider({ value, children }: { value?: Session; children: ReactNode }) {
  const [session] = useState(() => value ?? createSession(openRun, undefined, pace));
  const chosen = useStore(session, ({ branches, chosen }) => branchOf(branches, chosen));
  return (
    <SessionContext value={session}>
      <RunProvider value={chosen}>{children}</RunProvider>
    </SessionContext>
  );
}

/** Provides one run to its children as the current run. */
export function RunProvider({ value, children }: { value: RunContextValue; children: ReactNode }) {
  return <RunContext value={value}>{children}</RunContext>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession needs a SessionProvider above it");
  return session;
}

export function useSessionState<T>(selector: (state: SessionState) => T): T {
  return useStore(useSession(), selector);
}

export function useRunContext(): RunContextValue {
  const value = useContext(RunContext);
  if (!value) throw new Error("useRunContext needs a RunProvider above it");
  return value;
}

export function useRunState<T>(selector: (state: RunState) => T): T {
  return useStore(useRunContext().store, selector);
}

"use client";

import dynamic from "next/dynamic";
import { useEffect } from "react";
import { useStore } from "zustand";
import { orNothing } from "@/components/ui/or-nothing";
import { replayInto } from "@/lib/persistence/saved-run";
import { createRunContext, useRunState, useSession } from "@/lib/run/run-context";
import { legible } from "@/lib/text/characters";
import { deleteSavedRun, keepShownRun, readSavedRun } from "./save-run";
import { savedBefore } from "./saved-before";
import { words as savedRunWords } from "./words";

/** Loaded if there is a saved run. */
const Offer = dynamic(() => orNothing(import("./restore-offer")));

/** The run that was shown before the page was reloaded. */
export const runBefore = savedBefore(readSavedRun);

/** Saves the shown run in this tab, so that it can be restored after a reload. */
export function KeepRun() {
  const session = useSession();
  useEffect(() => keepShownRun(session), [session]);
  return null;
}

/** Offers to open the run that was shown before the page was reloaded, or in another tab. */
export function SavedRunOffer() {
  const session = useSession();
  const isEmpty = useRunState(({ run }) => run.phase === "idle");
  const saved = useStore(runBefore, (state) => state.saved);
  const words = savedRunWords.run;
  if (!saved || !isEmpty) return null;
  const end = () => runBefore.setState({ saved: null });
  return (
    <Offer
      title={words.title}
      detail={words.detail(saved.model, saved.tokens, legible(saved.prompt ?? ""))}
      action={words.open}
      onRestore={async () => {
        const run = createRunContext();
        await replayInto(run.store, saved);
        session.adopt(run, "");
        end();
      }}
      onDiscard={() => {
        deleteSavedRun();
        end();
      }}
    />
  );
}

"use client";

import dynamic from "next/dynamic";
import { useEffect } from "react";
import { forgetKeptRun, keepShownRun, readKeptRun } from "@/lib/keeping/keep-run";
import { replayInto } from "@/lib/keeping/recorded";
import { text } from "@/lib/text";
import { createRunContext, useRunState, useSession } from "../run-context";
import { useKept } from "./use-kept";

/** Loaded when there is something to offer. */
const Offer = dynamic(() => import("./offer"));

/**
 * What was kept before the page was loaded: read once, since what is kept later takes its place.
 * Null where there is none, and once it was restored or discarded.
 */
let keptRun = typeof window === "undefined" ? null : readKeptRun();

/** Keeps the shown run in this tab, so that a reload does not lose it. */
export function KeepRun() {
  const session = useSession();
  useEffect(() => keepShownRun(session), [session]);
  return null;
}

/** Offers the run that a reload of the page took away. */
export function KeptRunOffer() {
  const session = useSession();
  const isEmpty = useRunState(({ run }) => run.phase === "idle");
  const [kept, setKept] = useKept(keptRun);
  const words = text.keeping.run;
  if (!kept || !isEmpty) return null;
  const end = () => {
    keptRun = null;
    setKept(null);
  };
  return (
    <Offer
      title={words.title}
      detail={words.detail(kept.model, kept.tokens)}
      onRestore={async () => {
        const run = createRunContext();
        await replayInto(run.store, kept);
        session.adopt(run, "");
        end();
      }}
      onDiscard={() => {
        forgetKeptRun();
        end();
      }}
    />
  );
}

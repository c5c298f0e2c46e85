"use client";

import dynamic from "next/dynamic";
import { orNothing } from "@/components/ui/or-nothing";
import { useSessionState } from "@/lib/run/run-context";

/** Loaded when there is a second run. */
const BranchTree = dynamic(() => orNothing(import("./branch-tree")));

/** Shows the runs of this visit, if there is more than one. */
export function BranchStrip() {
  const several = useSessionState(({ branches }) => branches.length > 1);
  return several ? <BranchTree /> : null;
}

"use client";

import dynamic from "next/dynamic";
import { useSessionState } from "../run-context";

/** Loaded with the second run. */
const BranchTree = dynamic(() => import("./branch-tree"));

/** The runs of this visit; absent while there is only one. */
export function BranchStrip() {
  const several = useSessionState(({ branches }) => branches.length > 1);
  return several ? <BranchTree /> : null;
}

"use client";

import { createContext } from "react";
import type { PromptToken } from "@/lib/contract";

/** The prompt of a recording that is being loaded; null for none. */
export interface ExpectedText {
  /** The name of the recording. */
  readonly source: string;
  readonly prompt: readonly PromptToken[];
}

/**
 * What the panel shows before that recording: the built page contains it, so that it is painted before
 * any script is loaded. The elements are the same when the recording takes its place.
 */
export const BeginningContext = createContext<ExpectedText | null>(null);

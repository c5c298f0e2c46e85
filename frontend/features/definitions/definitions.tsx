"use client";

import dynamic from "next/dynamic";
import { useIdle } from "@/components/hooks/use-idle";
import { orNothing } from "@/components/ui/or-nothing";

/** If it cannot be loaded, the page works without it. */
const DefinitionLayer = dynamic(() => orNothing(import("./definition-layer")));

/**
 * Here and not in a style sheet, since the build does not know this pseudo-element yet. They are in
 * the page from the start: a rule that is added later makes the browser compute all styles again.
 */
const MARKS = `
@media screen {
  ::highlight(term) {
    text-decoration: underline dotted 1px color-mix(in oklab, currentColor 60%, transparent);
    text-underline-offset: 0.22em;
  }
  ::highlight(term-shown) { background-color: color-mix(in oklab, var(--ink) 14%, transparent) }
}`;

/** Explains the glossary's terms wherever they occur on the page. Loaded once the page is idle. */
export function Definitions() {
  const isIdle = useIdle();
  return (
    <>
      <style>{MARKS}</style>
      {isIdle && <DefinitionLayer />}
    </>
  );
}

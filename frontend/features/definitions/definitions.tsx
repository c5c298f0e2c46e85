"use client";

import dynamic from "next/dynamic";
import { useIdle } from "@/components/hooks/use-idle";
import { orNothing } from "@/components/ui/or-nothing";

/** If it cannot be loaded, the page works without it. */
const DefinitionLayer = dynamic(() => orNothing(import("./definition-layer")));

/** Explains the glossary's terms wherever they occur on the page. Loaded once the page is idle. */
export const Definitions = () => useIdle() && <DefinitionLayer />;

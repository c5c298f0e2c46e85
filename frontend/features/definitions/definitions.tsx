"use client";

import dynamic from "next/dynamic";
import { useIdle } from "@/components/hooks/use-idle";

const DefinitionLayer = dynamic(() => import("./definition-layer"));

/** Explains the glossary's terms wherever they occur on the page. Loaded once the page is idle. */
export const Definitions = () => useIdle() && <DefinitionLayer />;

"use client";

import { createContext, useContext } from "react";
import type { ModelInfo } from "@/lib/contract";
import type { RunRecord } from "@/lib/run/run-record";

/** The model that a run would use now; undefined if it is not known. */
export const ModelContext = createContext<ModelInfo | undefined>(undefined);

interface ModelShape {
  readonly layers: number;
  readonly heads: number;
  /** Whether the model has attention heads at all. */
  readonly attends: boolean;
}

/** What panels draw before anything is known of the model. */
const ANY: ModelShape = { layers: 6, heads: 4, attends: true };

/** Returns the layers and heads of the run's model, or before a run of the model that would run. */
export function useModelShape({ start }: RunRecord): ModelShape {
  const next = useContext(ModelContext);
  const model = start?.model ?? next;
  return {
    layers: model?.layers ?? ANY.layers,
    heads: model?.heads ?? ANY.heads,
    attends: model ? model.capabilities.includes("attention_entropy") : ANY.attends,
  };
}

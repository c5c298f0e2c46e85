"use client";

import { startTransition, useCallback, useEffect, useState } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { failureOf } from "@/lib/client/failure";
import type { ModelInfo, ModelList } from "@/lib/contract";
import type { Failure } from "@/lib/contract/frames";
import { fetchModels } from "./fetch-models";

interface ModelsState {
  /** The models of the last successful request; null before it. */
  readonly list: ModelList | null;
  /** The failure of the last request; null if it succeeded. */
  readonly failure: Failure | null;
}

interface Models extends ModelsState {
  readonly reload: () => void;
}

export const models = createStore<ModelsState>(() => ({ list: null, failure: null }));

/** Fetches the server's models when the component mounts, and again on `reload`. */
export function useModels(): Models {
  const [state, setState] = useState(models.getState);
  const [attempt, setAttempt] = useState(0);
  // In a transition, since much of the page depends on the models: the browser can respond meanwhile.
  useEffect(() => {
    const show = () => startTransition(() => setState(models.getState()));
    show();
    return models.subscribe(show);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt asks again
  useEffect(() => {
    const abort = new AbortController();
    fetchModels(abort.signal)
      .then((fetched) => models.setState(fetched))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) models.setState({ failure: failureOf(error) });
      });
    return () => abort.abort();
  }, [attempt]);
  const reload = useCallback(() => setAttempt((n) => n + 1), []);
  return { ...state, reload };
}

/** Returns the model that a request with this name runs: without a name, the server's default. */
export const modelNamed = (list: ModelList | null, name: unknown): ModelInfo | undefined =>
  list?.models.find((model) => model.name === (name || list.default));

/** Returns a model of the list that was fetched last; by default the server's default model. */
export const useKnownModel = (name: string | undefined): ModelInfo | undefined =>
  useStore(models, ({ list }) => modelNamed(list, name));

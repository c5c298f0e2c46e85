"use client";

import { useCallback, useEffect, useState } from "react";
import type { ModelList } from "@/lib/contract";
import { fetchModels } from "@/lib/models/fetch-models";
import type { Failure } from "@/lib/run/frames";
import { failureOf } from "@/lib/transport/failure";

interface Models {
  readonly list: ModelList | null;
  readonly failure: Failure | null;
  readonly reload: () => void;
}

/** The models that the server had when it was last asked: each view asks again. */
let known: ModelList | null = null;

/** The server's models; asked for once, and again when the visitor wants to. */
export function useModels(): Models {
  const [list, setList] = useState<ModelList | null>(known);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt asks again
  useEffect(() => {
    const abort = new AbortController();
    fetchModels(abort.signal)
      .then((found) => {
        known = found;
        setList(found);
        setFailure(null);
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setFailure(failureOf(error));
      });
    return () => abort.abort();
  }, [attempt]);
  const reload = useCallback(() => setAttempt((n) => n + 1), []);
  return { list, failure, reload };
}

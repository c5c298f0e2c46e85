"use client";

import { useEffect, useMemo, useState } from "react";
import type { ModelList } from "@/lib/contract";
import { hasServer } from "@/lib/url-state/has-server";
import { siteAddress } from "@/lib/url-state/site-address";
import { type SettingField, settingFields } from "./fields";

/**
 * Returns the fields known at build time, then those of the server, which may have other limits.
 * The initial model is the default of the server's list. It is empty until the list is loaded: a
 * run that starts before names no model and gets the same default.
 */
export function useSettingFields(
  built: readonly SettingField[],
  models: ModelList | null,
): readonly SettingField[] {
  const [fields, setFields] = useState(built);
  useEffect(() => {
    if (!hasServer()) return;
    const abort = new AbortController();
    fetch(siteAddress("api/openapi.json"), { signal: abort.signal })
      .then((response) => response.json())
      .then((document) => {
        const served = settingFields(document);
        if (JSON.stringify(served) !== JSON.stringify(built)) setFields(served);
      })
      .catch(() => {
        // The built-in fields stay. A server that is down is reported by the list of models.
      });
    return () => abort.abort();
  }, [built]);
  const model = models?.default ?? "";
  return useMemo(
    () => fields.map((field) => (field.name === "model" ? { ...field, initial: model } : field)),
    [fields, model],
  );
}

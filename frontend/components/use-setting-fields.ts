"use client";

import { useEffect, useMemo, useState } from "react";
import { siteAddress } from "@/lib/address/site-address";
import type { ModelList } from "@/lib/contract";
import { type SettingField, settingFields } from "@/lib/settings/fields";

/**
 * The fields that the site was built with, then those of this very server, whose operator may
 * have set other limits and another default model.
 */
export function useSettingFields(
  built: readonly SettingField[],
  models: ModelList | null,
): readonly SettingField[] {
  const [fields, setFields] = useState(built);
  useEffect(() => {
    const abort = new AbortController();
    fetch(siteAddress("api/openapi.json"), { signal: abort.signal })
      .then((response) => response.json())
      .then((document) => {
        const served = settingFields(document);
        if (JSON.stringify(served) !== JSON.stringify(built)) setFields(served);
      })
      .catch(() => {
        // The built-in fields serve; a server that is down is told where its models are asked for.
      });
    return () => abort.abort();
  }, [built]);
  const model = models?.default;
  return useMemo(
    () =>
      fields.map((field) =>
        field.name === "model" && model !== undefined ? { ...field, initial: model } : field,
      ),
    [fields, model],
  );
}

"use client";

import { useEffect, useState } from "react";
import { type UseFormReturn, useForm } from "react-hook-form";
import { useFieldReveal } from "@/features/run-form/reveal-field";
import { problemsOf, useSettingsForm } from "@/features/run-form/use-settings-form";
import type { CompareRequest } from "@/lib/contract";
import type { Side } from "@/lib/contract/parse-compare-event";
import type { SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, problemOf } from "@/lib/settings/form-values";
import { readAddress, writeAddress } from "@/lib/url-state/address-bar";
import { differing, differingFromQuery, differingToQuery, PREFIX } from "./second-side";

export type Mode = CompareRequest["mode"];

const MODE = "compare";

/**
 * The forms of both runs. The first is that of the instrument. The second has the first's values,
 * except for those that the visitor changed in it. Both are stored in the address.
 */
export function usePairForms(fields: readonly SettingField[]) {
  const first = useSettingsForm(fields);
  const second = useForm<FormValues>({
    defaultValues: initialValues(fields),
    mode: "onChange",
    shouldFocusError: false,
    resolver: (values) => ({ values, errors: problemsOf(fields, values) }),
  });
  const [side, setSide] = useState<Side>("a");
  const [own, setOwn] = useState<FormValues>({});
  const [mode, setMode] = useState<Mode>("own");
  const [ownPrompt, setOwnPrompt] = useState(false);
  const reveal = useFieldReveal();

  // biome-ignore lint/correctness/useExhaustiveDependencies: reads the address once
  useEffect(() => {
    const query = readAddress();
    const linked = differingFromQuery(fields, query);
    setOwn(linked);
    setOwnPrompt("prompt" in linked);
    second.reset({ ...first.getValues(), ...linked });
    if (query.get(MODE) === "forced") setMode("forced");
  }, []);

  // Values that were not changed in the second form follow the first.
  useEffect(
    () =>
      first.subscribe({
        formState: { values: true },
        callback: ({ values }) => second.reset({ ...values, ...own }),
      }),
    [first, second, own],
  );
  useEffect(
    () =>
      second.subscribe({
        formState: { values: true },
        callback: ({ values }) => {
          const found = differing(fields, first.getValues(), values);
          setOwn((known) => (JSON.stringify(known) === JSON.stringify(found) ? known : found));
        },
      }),
    [fields, first, second],
  );
  useEffect(() => {
    const parameters = differingToQuery(fields, own);
    if (mode === "forced") parameters.push([MODE, mode]);
    writeAddress((name) => name.startsWith(PREFIX) || name === MODE, parameters);
  }, [fields, own, mode]);

  const forms: Record<Side, UseFormReturn<FormValues>> = { a: first, b: second };
  /** Returns the side with invalid values, or null. */
  const wrongSide = (): Side | null => {
    const wrong = (["a", "b"] as const).find((each) =>
      fields.some((field) => problemOf(field, forms[each].getValues()[field.name] ?? "") !== null),
    );
    return wrong ?? null;
  };
  /** Whether B has a prompt of its own. If not, the prompt is that of A, also where B is edited. */
  const prompt = {
    isOwn: ownPrompt,
    setOwn(isOwn: boolean) {
      setOwnPrompt(isOwn);
      if (!isOwn) second.setValue("prompt", first.getValues("prompt") ?? "");
    },
  };
  const clear = () => {
    setOwnPrompt(false);
    second.reset(first.getValues());
  };
  return { forms, side, setSide, own, prompt, mode, setMode, wrongSide, clear, reveal };
}

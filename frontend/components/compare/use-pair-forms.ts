"use client";

import { useEffect, useState } from "react";
import { type UseFormReturn, useForm } from "react-hook-form";
import { readAddress, writeAddress } from "@/lib/address/address-bar";
import type { Side } from "@/lib/compare/parse-compare-event";
import { differing, differingFromQuery, differingToQuery, PREFIX } from "@/lib/compare/second-side";
import type { CompareRequest } from "@/lib/contract";
import type { SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, problemOf } from "@/lib/settings/form-values";
import { useFieldReveal } from "../run-form/reveal-field";
import { problemsOf, useSettingsForm } from "../run-form/use-settings-form";

export type Mode = CompareRequest["mode"];

const MODE = "compare";

/**
 * The forms of both runs. The first is the instrument's own; the second holds what the first
 * does, save what was changed in it. All of it stands in the address.
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
  const reveal = useFieldReveal();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is read on arrival
  useEffect(() => {
    const query = readAddress();
    const linked = differingFromQuery(fields, query);
    setOwn(linked);
    second.reset({ ...first.getValues(), ...linked });
    if (query.get(MODE) === "forced") setMode("forced");
  }, []);

  // What is not the second's own follows the first.
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
  /** The side whose values cannot be sent, if there is one. */
  const wrongSide = (): Side | null => {
    const wrong = (["a", "b"] as const).find((each) =>
      fields.some((field) => problemOf(field, forms[each].getValues()[field.name] ?? "") !== null),
    );
    return wrong ?? null;
  };
  const clear = () => second.reset(first.getValues());
  return { forms, side, setSide, own, mode, setMode, wrongSide, clear, reveal };
}

"use client";

import { useEffect } from "react";
import { type UseFormReturn, useForm } from "react-hook-form";
import { fromQuery, toQuery } from "@/lib/settings/address";
import type { SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, problemOf } from "@/lib/settings/form-values";

/** The form's state; the address bar holds the same, so that a link sets up the same run. */
export function useSettingsForm(fields: readonly SettingField[]): UseFormReturn<FormValues> {
  const form = useForm<FormValues>({
    defaultValues: initialValues(fields),
    mode: "onChange",
    resolver: (values) => ({ values, errors: problemsOf(fields, values) }),
  });
  const { reset, subscribe } = form;

  // Once: fields that change later must not undo what was typed since.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is read on arrival
  useEffect(() => {
    const linked = fromQuery(fields, window.location.search);
    if (Object.keys(linked).length > 0) reset({ ...initialValues(fields), ...linked });
  }, []);

  useEffect(
    () =>
      subscribe({
        formState: { values: true },
        callback: ({ values }) => writeAddress(toQuery(fields, values)),
      }),
    [fields, subscribe],
  );

  return form;
}

function problemsOf(fields: readonly SettingField[], values: FormValues) {
  const problems = fields.flatMap((field) => {
    const message = problemOf(field, values[field.name] ?? "");
    return message ? [[field.name, { type: "range", message }]] : [];
  });
  return Object.fromEntries(problems);
}

function writeAddress(query: string): void {
  const address = query ? `?${query}` : window.location.pathname;
  window.history.replaceState(null, "", address);
}

"use client";

import { useEffect, useRef } from "react";
import { type UseFormReturn, useForm } from "react-hook-form";
import { fromQuery } from "@/lib/settings/address";
import type { SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, problemOf } from "@/lib/settings/form-values";
import { formParameters, type Given, isSetting } from "@/lib/settings/run-address";
import { onLinkOpened, readAddress, writeAddress } from "@/lib/url-state/address-bar";

const NOTHING: Given = {};

/**
 * The state of the settings form. It is written to the address, so that a link restores it. `given`
 * are the settings of the link that have no field.
 */
export function useSettingsForm(
  fields: readonly SettingField[],
  given: Given = NOTHING,
): UseFormReturn<FormValues> {
  const form = useForm<FormValues>({
    defaultValues: initialValues(fields),
    mode: "onChange",
    // The page opens the section of an invalid field before it focuses it.
    shouldFocusError: false,
    resolver: (values) => ({ values, errors: problemsOf(fields, values, given) }),
  });
  const { reset, subscribe, getValues, setValue } = form;

  // Runs once, and when another link is opened. Changes of `fields` must not reset what was typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: reads the address once
  useEffect(() => {
    const arrive = (others: FormValues) => {
      const linked = fromQuery(fields, readAddress());
      if (Object.keys(linked).length > 0) reset({ ...others, ...linked });
    };
    // On a slow network the visitor may have typed before the scripts were loaded.
    arrive(getValues());
    return onLinkOpened(() => arrive(initialValues(fields)));
  }, []);

  // The server's default model is loaded later. It replaces no model, or the former default, but not
  // one that the link names.
  const defaultModel = fields.find(({ name }) => name === "model")?.initial ?? "";
  const formerDefault = useRef(defaultModel);
  const isModelNamed = useRef(false);
  useEffect(() => {
    isModelNamed.current ||= readAddress().has("model");
    const former = formerDefault.current;
    formerDefault.current = defaultModel;
    if (former === defaultModel) return;
    const model = getValues("model");
    if (model === "" || (!isModelNamed.current && model === former)) {
      setValue("model", defaultModel);
    }
  }, [defaultModel, getValues, setValue]);

  useEffect(
    () =>
      subscribe({
        formState: { values: true },
        callback: ({ values }) =>
          writeAddress(isSetting(fields), formParameters(fields, values, given)),
      }),
    [fields, given, subscribe],
  );

  return form;
}

/** Returns the errors of all values, in the format of the form library. */
export function problemsOf(
  fields: readonly SettingField[],
  values: FormValues,
  given: Given = NOTHING,
) {
  const problems = fields.flatMap((field) => {
    if (field.name === "prompt" && given.messages) return [];
    const message = problemOf(field, values[field.name] ?? "");
    return message ? [[field.name, { type: "range", message }]] : [];
  });
  return Object.fromEntries(problems);
}

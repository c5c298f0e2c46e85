"use client";

import { useEffect, useRef } from "react";
import { type UseFormReturn, useForm } from "react-hook-form";
import { onLinkOpened, readAddress, writeAddress } from "@/lib/address/address-bar";
import { fromQuery } from "@/lib/settings/address";
import type { SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, problemOf } from "@/lib/settings/form-values";
import { formParameters, type Given, isSetting } from "@/lib/settings/run-address";

const NOTHING: Given = {};

/**
 * The form's state; the address bar holds the same, so that a link sets up the same run, with what
 * is given beside the form.
 */
export function useSettingsForm(
  fields: readonly SettingField[],
  given: Given = NOTHING,
): UseFormReturn<FormValues> {
  const form = useForm<FormValues>({
    defaultValues: initialValues(fields),
    mode: "onChange",
    // The page opens the section of a wrong field before it puts the focus there.
    shouldFocusError: false,
    resolver: (values) => ({ values, errors: problemsOf(fields, values, given) }),
  });
  const { reset, subscribe, getValues, setValue } = form;

  // Once, and when another link is opened: fields that change later must not undo what was typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is read on arrival
  useEffect(() => {
    const arrive = (others: FormValues) => {
      const linked = fromQuery(fields, readAddress());
      if (Object.keys(linked).length > 0) reset({ ...others, ...linked });
    };
    // On a slow network something may have been typed before the page's scripts arrived.
    arrive(getValues());
    return onLinkOpened(() => arrive(initialValues(fields)));
  }, []);

  // The server's default model arrives later; a model that the link names stays.
  const defaultModel = fields.find(({ name }) => name === "model")?.initial ?? "";
  const formerDefault = useRef(defaultModel);
  const isModelNamed = useRef(false);
  useEffect(() => {
    isModelNamed.current ||= readAddress().has("model");
    const former = formerDefault.current;
    formerDefault.current = defaultModel;
    if (former === defaultModel) return;
    if (!isModelNamed.current && getValues("model") === former) setValue("model", defaultModel);
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

/** What is wrong with each value, as a form's errors. */
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

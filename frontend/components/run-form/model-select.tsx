"use client";

import type { UseFormReturn } from "react-hook-form";
import type { ModelList } from "@/lib/contract";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { text } from "@/lib/text";
import { formatParameters } from "@/lib/text/numbers";
import { ChoiceSelect } from "./choice-select";

interface ModelSelectProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
  list: ModelList | null;
}

/**
 * The models of this server. One that only a link names is shown as unavailable, one that cannot be
 * loaded with the reason.
 */
export function ModelSelect({ field, form, list }: ModelSelectProps) {
  const named = form.watch("model") ?? field.initial;
  const known = list?.models ?? [];
  const chosen = known.find(({ name }) => name === named);
  const error = form.formState.errors.model?.message;
  const problems = list?.problems ?? {};
  const problem = problems[named];
  return (
    <div>
      <label htmlFor="setting-model" className="mb-1.5 block font-medium text-small">
        {text.form.settings.model}
      </label>
      <ChoiceSelect
        id="setting-model"
        aria-describedby="model-help"
        aria-invalid={error !== undefined}
        className="h-9"
        form={form}
        name="model"
        options={known.map(({ name, title }) => ({
          value: name,
          label: name in problems ? text.notLoadable(title || name) : title || name,
        }))}
        other={list ? text.unavailable : String}
      />
      <p id="model-help" className="mt-1 min-h-4 text-quiet text-xs">
        {problem && !error ? (
          <strong lang="en" className="break-words font-medium text-accent-strong">
            {problem}
          </strong>
        ) : list && !chosen ? (
          <strong className="font-medium text-accent-strong">
            {error ?? text.unavailableHelp}
          </strong>
        ) : (
          (error ?? (chosen ? modelFacts(chosen) : text.form.modelsLoading))
        )}
      </p>
    </div>
  );
}

function modelFacts(model: ModelList["models"][number]): string {
  return [
    model.parameters && text.status.parameters(formatParameters(model.parameters)),
    model.layers && text.status.layers(model.layers),
    model.heads && text.status.heads(model.heads),
  ]
    .filter(Boolean)
    .join(" · ");
}

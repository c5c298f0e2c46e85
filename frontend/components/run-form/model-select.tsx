"use client";

import type { UseFormReturn } from "react-hook-form";
import { Select } from "@/components/ui/input";
import type { ModelList } from "@/lib/contract";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { text } from "@/lib/text";
import { formatParameters } from "@/lib/text/numbers";

interface ModelSelectProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
  list: ModelList | null;
}

/** The models of this server; a model that a link names stays choosable, the server judges it. */
export function ModelSelect({ field, form, list }: ModelSelectProps) {
  const named = form.watch("model") ?? field.initial;
  const known = list?.models ?? [];
  const stranger = known.some(({ name }) => name === named) ? [] : [named];
  const chosen = known.find(({ name }) => name === named);
  const error = form.formState.errors.model?.message;
  return (
    <div>
      <label htmlFor="setting-model" className="mb-1.5 block font-medium text-small">
        {text.form.settings.model}
      </label>
      <Select
        id="setting-model"
        aria-describedby="model-help"
        aria-invalid={error !== undefined}
        className="h-9"
        {...form.register("model")}
      >
        {stranger.map((name) => (
          <option key={name}>{name}</option>
        ))}
        {known.map(({ name, title }) => (
          <option key={name} value={name}>
            {title || name}
          </option>
        ))}
      </Select>
      <p id="model-help" className="mt-1 min-h-4 text-quiet text-xs">
        {error ?? (list ? chosen && modelFacts(chosen) : text.form.modelsLoading)}
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

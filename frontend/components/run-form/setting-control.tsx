"use client";

import { type UseFormReturn, useWatch } from "react-hook-form";
import { Input, Textarea } from "@/components/ui/input";
import type { SettingField } from "@/lib/settings/fields";
import { type FormValues, rangeOf } from "@/lib/settings/form-values";
import { sliderOf } from "@/lib/settings/groups";
import { parseNumber } from "@/lib/settings/numbers";
import { text } from "@/lib/text";
import { ChoiceSelect } from "./choice-select";

interface SettingControlProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
}

/** One setting: its name, its control and one line that says what it does. */
export function SettingControl({ field, form }: SettingControlProps) {
  const error = form.formState.errors[field.name]?.message;
  const { name } = field;
  const control = {
    id: `setting-${name}`,
    "aria-describedby": `${name}-help`,
    "aria-invalid": error !== undefined,
  };
  return (
    <div className="py-2">
      <div className="flex items-center justify-between gap-4">
        <label htmlFor={control.id} className="shrink-0 font-medium text-small">
          {text.form.settings[name] ?? name}
        </label>
        <div className="flex min-w-0 items-center justify-end gap-2">
          {sliderOf(name) && <Slider field={field} form={form} />}
          {field.kind === "choice" && (
            <ChoiceSelect
              {...control}
              className="w-32"
              form={form}
              name={name}
              options={(field.choices ?? []).map((choice) => ({
                value: choice,
                label: text.form.choices[choice] ?? choice,
              }))}
              other={text.notAllowed}
            />
          )}
          {field.kind === "texts" && (
            <Textarea
              {...control}
              {...form.register(name)}
              rows={2}
              placeholder={text.form.stopPlaceholder}
              className="figures w-32 text-small"
            />
          )}
          {(field.kind === "number" || field.kind === "integer") && (
            <Input
              {...control}
              {...form.register(name)}
              inputMode={field.kind === "integer" ? "numeric" : "decimal"}
              autoComplete="off"
              placeholder={name === "seed" ? text.form.seedPlaceholder : undefined}
              className={name === "seed" ? "figures w-44 text-right" : "figures w-16 text-right"}
            />
          )}
        </div>
      </div>
      <p id={`${name}-help`} className="mt-0.5 text-quiet text-xs leading-snug">
        {error ? <strong className="font-medium text-accent-strong">{error}</strong> : help(field)}
      </p>
    </div>
  );
}

function help(field: SettingField): string {
  const range = field.maximum === undefined ? "" : rangeOf(field);
  const explained = text.form.explanations[field.name] ?? field.description;
  return range && !field.optional ? `${explained} (${range})` : explained;
}

function Slider({ field, form }: SettingControlProps) {
  const value = parseNumber(useWatch({ control: form.control, name: field.name }) ?? "", field);
  const { max, step } = sliderOf(field.name) ?? { max: 1, step: 0.01 };
  const low = field.minimum ?? step;
  const shown = typeof value === "number" ? Math.max(low, Math.min(value, max)) : low;
  return (
    <input
      type="range"
      className="range max-w-28"
      aria-label={text.form.settings[field.name] ?? field.name}
      min={low}
      max={max}
      step={step}
      value={shown}
      style={{ "--filled": (shown - low) / (max - low) } as React.CSSProperties}
      onChange={(event) =>
        form.setValue(field.name, event.target.value, { shouldValidate: true, shouldDirty: true })
      }
    />
  );
}

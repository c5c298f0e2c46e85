"use client";

import { type UseFormReturn, useWatch } from "react-hook-form";
import { Input, Textarea } from "@/components/ui/input";
import type { SettingField } from "@/lib/settings/fields";
import { type FormValues, rangeOf } from "@/lib/settings/form-values";
import { sliderOf } from "@/lib/settings/groups";
import { parseNumber } from "@/lib/settings/numbers";
import { words as settingsWords } from "@/lib/settings/words";
import { ChoiceSelect } from "./choice-select";
import { SettingRow } from "./setting-row";
import { words as runFormWords } from "./words";

interface SettingControlProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
}

/** A setting with its name, its control and a line of help. */
export function SettingControl({ field, form }: SettingControlProps) {
  const { name } = field;
  return (
    <SettingRow
      name={name}
      label={settingsWords.names[name] ?? name}
      error={form.formState.errors[name]?.message}
      help={help(field)}
    >
      {(control) => (
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
                label: settingsWords.choices[choice] ?? choice,
              }))}
              other={runFormWords.notAllowed}
            />
          )}
          {field.kind === "texts" && (
            <Textarea
              {...control}
              {...form.register(name)}
              rows={2}
              placeholder={runFormWords.stopPlaceholder}
              className="figures w-32 text-small"
            />
          )}
          {(field.kind === "number" || field.kind === "integer") && (
            <Input
              {...control}
              {...form.register(name)}
              inputMode={field.kind === "integer" ? "numeric" : "decimal"}
              autoComplete="off"
              placeholder={name === "seed" ? runFormWords.seedPlaceholder : undefined}
              className={name === "seed" ? "figures w-44 text-right" : "figures w-16 text-right"}
            />
          )}
        </div>
      )}
    </SettingRow>
  );
}

function help(field: SettingField): string {
  const range = field.maximum === undefined ? "" : rangeOf(field);
  const explained = settingsWords.explanations[field.name] ?? field.description;
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
      aria-label={settingsWords.names[field.name] ?? field.name}
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

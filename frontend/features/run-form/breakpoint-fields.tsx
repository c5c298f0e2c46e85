"use client";

import { CircleDot } from "lucide-react";
import { type UseFormReturn, useWatch } from "react-hook-form";
import { Disclosure } from "@/components/ui/disclosure";
import { Input } from "@/components/ui/input";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { type DescribedControl, SettingRow } from "./setting-row";
import { words as runFormWords } from "./words";

interface BreakpointFieldsProps {
  fields: readonly SettingField[];
  form: UseFormReturn<FormValues>;
}

/** The conditions that stop a run. The title of the section shows how many are set. */
export function BreakpointFields({ fields, form }: BreakpointFieldsProps) {
  const words = runFormWords.breakpoints;
  const values = useWatch({ control: form.control, name: fields.map(({ name }) => name) });
  const active = fields.filter(({ initial }, i) => (values[i] ?? initial) !== initial).length;
  const wrong = fields.some(({ name }) => form.formState.errors[name]);
  return (
    <Disclosure
      name="breakpoints"
      opened={wrong}
      label={
        <>
          {words.title}
          {active > 0 && (
            <span className="ml-1 flex items-center gap-1 text-ink text-xs">
              <CircleDot size={12} aria-hidden />
              {words.active(active)}
            </span>
          )}
        </>
      }
    >
      <p className="text-quiet text-xs leading-snug">{words.lead}</p>
      {fields.map((field) => (
        <Condition key={field.name} field={field} form={form} />
      ))}
    </Disclosure>
  );
}

function Condition({ field, form }: { field: SettingField; form: UseFormReturn<FormValues> }) {
  const words = runFormWords.breakpoints;
  const { name, kind } = field;
  return (
    <SettingRow
      name={name}
      label={words.names[name] ?? name}
      error={form.formState.errors[name]?.message}
      help={words.explained[name] ?? field.description}
    >
      {(control) =>
        kind === "boolean" ? (
          <Switch field={field} form={form} control={control} />
        ) : (
          <Input
            {...control}
            {...form.register(name)}
            type="text"
            inputMode={kind === "text" ? "text" : "decimal"}
            autoComplete="off"
            spellCheck={false}
            className={kind === "text" ? "figures w-36" : "figures w-16 text-right"}
          />
        )
      }
    </SettingRow>
  );
}

interface SwitchProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
  control: DescribedControl;
}

function Switch({ field, form, control }: SwitchProps) {
  const on = useWatch({ control: form.control, name: field.name }) === "true";
  return (
    <input
      type="checkbox"
      {...control}
      checked={on}
      onChange={() =>
        form.setValue(field.name, on ? "false" : "true", {
          shouldValidate: true,
          shouldDirty: true,
        })
      }
      className="size-4.5 cursor-pointer accent-[var(--ink)]"
    />
  );
}

"use client";

import { CircleDot } from "lucide-react";
import { type UseFormReturn, useWatch } from "react-hook-form";
import { Disclosure } from "@/components/ui/disclosure";
import { Input } from "@/components/ui/input";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { text } from "@/lib/text";

interface BreakpointFieldsProps {
  fields: readonly SettingField[];
  form: UseFormReturn<FormValues>;
}

/** The conditions that stop a run; how many are on stands in the closed section's title. */
export function BreakpointFields({ fields, form }: BreakpointFieldsProps) {
  const words = text.timeline.breakpoints;
  const values = useWatch({ control: form.control, name: fields.map(({ name }) => name) });
  const active = fields.filter(({ initial }, i) => (values[i] ?? initial) !== initial).length;
  const wrong = fields.some(({ name }) => form.formState.errors[name]);
  return (
    <Disclosure
      opened={wrong}
      label={
        <>
          {words.title}
          {active > 0 && (
            <span className="ml-1 flex items-center gap-1 text-accent-strong text-xs">
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
  const words = text.timeline.breakpoints;
  const { name, kind } = field;
  const error = form.formState.errors[name]?.message;
  const control = {
    id: `setting-${name}`,
    "aria-describedby": `${name}-help`,
    "aria-invalid": error !== undefined,
  };
  return (
    <div className="py-2">
      <div className="flex min-h-8 items-center justify-between gap-4">
        <label htmlFor={control.id} className="shrink-0 font-medium text-small">
          {words.names[name] ?? name}
        </label>
        {kind === "boolean" ? (
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
        )}
      </div>
      <p id={`${name}-help`} className="mt-0.5 text-quiet text-xs leading-snug">
        {error ? (
          <strong className="font-medium text-accent-strong">{error}</strong>
        ) : (
          (words.explained[name] ?? field.description)
        )}
      </p>
    </div>
  );
}

interface SwitchProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
  control: { id: string; "aria-describedby": string };
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
      className="size-4.5 cursor-pointer accent-[var(--data)]"
    />
  );
}

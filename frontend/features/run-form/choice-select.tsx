"use client";

import type { ComponentProps } from "react";
import { type UseFormReturn, useController } from "react-hook-form";
import { Select } from "@/components/ui/input";
import type { FormValues } from "@/lib/settings/form-values";

interface ChoiceSelectProps extends Omit<ComponentProps<"select">, "form" | "name" | "onChange"> {
  form: UseFormReturn<FormValues>;
  name: string;
  options: readonly { readonly value: string; readonly label: string }[];
  /** Returns the label of a value that is not among the options. */
  other: (value: string) => string;
}

/**
 * A select of the form. It is controlled, so that it shows the form's value even if the options are
 * loaded later. A value that is not among the options is added to them.
 */
export function ChoiceSelect({ form, name, options, other, ...rest }: ChoiceSelectProps) {
  const { field } = useController({ control: form.control, name });
  const value = field.value ?? "";
  const known = options.some((option) => option.value === value);
  return (
    <Select
      {...rest}
      ref={field.ref}
      name={name}
      value={value}
      onBlur={field.onBlur}
      onChange={(event) => field.onChange(event.target.value)}
    >
      {!known && <option value={value}>{other(value)}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </Select>
  );
}

"use client";

import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import type { ReactNode } from "react";

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode; title?: string }[];
  onChange: (value: T) => void;
}

/** A choice of one among few, moved with the arrow keys. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
}: SegmentedProps<T>) {
  return (
    <ToggleGroup
      aria-label={label}
      value={[value]}
      onValueChange={([next]) => next && onChange(next as T)}
      className="inline-flex rounded-md bg-well p-0.5"
    >
      {options.map((option) => (
        <Toggle
          key={option.value}
          value={option.value}
          aria-label={option.title}
          title={option.title}
          className="inline-flex h-6 cursor-pointer items-center rounded px-2 text-micro text-quiet transition-colors hover:text-ink data-pressed:bg-sheet data-pressed:text-ink data-pressed:shadow-[0_0_0_1px_var(--rule)]"
        >
          {option.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}

import type { ReactNode } from "react";
import { NotRunYet } from "./changed-settings";

/** Attributes that connect a control with its label and its help. */
export interface DescribedControl {
  readonly id: string;
  readonly "aria-describedby": string;
  readonly "aria-invalid": boolean;
}

interface SettingRowProps {
  name: string;
  label: string;
  /** Error message, which is shown instead of the help. */
  error: string | undefined;
  help: string;
  children: (control: DescribedControl) => ReactNode;
}

/** A row of the form: the name of a setting, its control and a line of help. */
export function SettingRow({ name, label, error, help, children }: SettingRowProps) {
  const control = {
    id: `setting-${name}`,
    "aria-describedby": `${name}-help`,
    "aria-invalid": error !== undefined,
  };
  return (
    <div className="py-2">
      <div className="flex min-h-8 items-center justify-between gap-4">
        <label htmlFor={control.id} className="shrink-0 font-medium text-small">
          {label}
        </label>
        {children(control)}
      </div>
      <p id={`${name}-help`} className="mt-0.5 text-quiet text-xs leading-snug">
        {error ? (
          <strong className="font-medium text-error">{error}</strong>
        ) : (
          <>
            <NotRunYet name={name} />
            {help}
          </>
        )}
      </p>
    </div>
  );
}

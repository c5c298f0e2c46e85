"use client";

import { text } from "@/lib/text";
import { legible } from "@/lib/text/characters";
import { useRunState } from "./run-context";

/** On paper, in the place of the form: what the run was asked for. */
export function PrintedSettings() {
  const start = useRunState(({ run }) => run.start);
  if (!start) return null;
  const { prompt, ...others } = start.settings;
  const rows = Object.entries(others).filter(
    ([name, value]) => name in text.form.settings && isWritten(value),
  );
  return (
    <section className="hidden bg-sheet px-5 py-2 print:block">
      {typeof prompt === "string" && (
        <p dir="auto" className="whitespace-pre-wrap font-serif">
          {legible(prompt)}
        </p>
      )}
      <dl className="mt-1 flex flex-wrap gap-x-4 text-xs">
        {rows.map(([name, value]) => (
          <div key={name} className="flex gap-1.5">
            <dt>{text.form.settings[name]}</dt>
            <dd className="figures font-medium">{legible(String(value))}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const isWritten = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && value !== "");

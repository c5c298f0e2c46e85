"use client";

import { useRunState } from "@/lib/run/run-context";
import { words } from "@/lib/settings/words";
import { legible } from "@/lib/text/characters";

/** The settings of the run. Printed instead of the form. */
export function PrintedSettings() {
  const start = useRunState(({ run }) => run.start);
  if (!start) return null;
  const { prompt, ...others } = start.settings;
  const rows = Object.entries(others).filter(
    ([name, value]) => name in words.names && isWritten(value),
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
            <dt>{words.names[name]}</dt>
            <dd className="figures font-medium">{legible(String(value))}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const isWritten = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && value !== "");

"use client";

import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type UseFormReturn, useWatch } from "react-hook-form";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { createRunStore, type RunStore } from "@/lib/run/run-store";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { changedSettings } from "@/lib/settings/run-address";
import { words as settingsWords } from "@/lib/settings/words";
import { legible } from "@/lib/text/characters";
import { words as runFormWords } from "./words";

/** The settings that differ from those of the run shown, with the values of that run. */
const ChangedContext = createContext<FormValues>({});

interface ChangedSettingsProps {
  fields: readonly SettingField[];
  form: UseFormReturn<FormValues>;
  /** The run that is shown beside the form; null if there is none. */
  run: RunStore | null;
  children: ReactNode;
}

const NO_RUN = createRunStore();

/** Marks the settings below it that do not apply to the run shown. */
export function ChangedSettings({ fields, form, run, children }: ChangedSettingsProps) {
  const values = useWatch({ control: form.control });
  const store = run ?? NO_RUN;
  // A recording was not begun with this form.
  const settings = useStore(store, ({ run }) => (run.source ? undefined : run.start?.settings));
  const limit = useStore(store, (state) => state.run.requestedTokens);
  const changed = useMemo(
    () => (settings ? changedSettings(fields, values as FormValues, settings, limit) : {}),
    [fields, values, settings, limit],
  );
  return <ChangedContext value={changed}>{children}</ChangedContext>;
}

/** Says that a setting is not that of the run shown, and what that is. */
export function NotRunYet({ name }: { name: string }) {
  const ran = useContext(ChangedContext)[name];
  if (ran === undefined) return null;
  const value = ran === "" ? runFormWords.changed.none : (settingsWords.choices[ran] ?? ran);
  return (
    <span className="block truncate font-medium text-ink" title={value}>
      <span aria-hidden className="mr-1.5 inline-block size-1.5 rounded-full border border-ink" />
      {runFormWords.changed.mark(legible(value))}
    </span>
  );
}

/** The number of changed settings in a group; nothing if there is none. */
export function ChangedCount({ group }: { group: readonly SettingField[] }) {
  const changed = useContext(ChangedContext);
  const count = group.filter(({ name }) => name in changed).length;
  if (count === 0) return null;
  return (
    <span className="ml-auto font-medium text-ink text-xs">
      <span aria-hidden className="mr-1.5 inline-block size-1.5 rounded-full border border-ink" />
      {runFormWords.changed.count(count)}
    </span>
  );
}

/** Says how many settings differ from the run shown, with a button that takes those of the run. */
export function ChangedNote({ form }: { form: UseFormReturn<FormValues> }) {
  const changed = useContext(ChangedContext);
  const names = Object.keys(changed);
  if (names.length === 0) return null;
  const takeBack = () => {
    for (const name of names) {
      form.setValue(name, changed[name] ?? "", { shouldValidate: true, shouldDirty: true });
    }
  };
  return (
    <p className="mb-2 flex items-center justify-between gap-2 text-quiet text-xs">
      <span>{runFormWords.changed.note(names.length)}</span>
      <Button
        variant="quiet"
        className="-mr-2 h-6 shrink-0 px-2 text-xs underline"
        title={runFormWords.changed.takeBackHint}
        onClick={takeBack}
      >
        {runFormWords.changed.takeBack}
      </Button>
    </p>
  );
}

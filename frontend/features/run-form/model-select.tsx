"use client";

import { useEffect } from "react";
import type { UseFormReturn } from "react-hook-form";
import { prepareRun } from "@/lib/client/run-stream";
import type { ModelList } from "@/lib/contract";
import { runsInBrowser } from "@/lib/contract/in-browser";
import { formatParameters } from "@/lib/i18n/numbers";
import { words as statusWords } from "@/lib/run/words";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { words as settingsWords } from "@/lib/settings/words";
import { NotRunYet } from "./changed-settings";
import { ChoiceSelect } from "./choice-select";
import { words as runFormWords } from "./words";

interface ModelSelectProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
  list: ModelList | null;
}

/**
 * Lists the models of the server. A model that only the link names is shown as unavailable; a model
 * that cannot be loaded is shown with the reason.
 */
export function ModelSelect({ field, form, list }: ModelSelectProps) {
  const named = form.watch("model") ?? field.initial;
  const known = list?.models ?? [];
  useEffect(() => {
    if (list) void prepareRun(named);
  }, [list, named]);
  const chosen = known.find(({ name }) => name === named);
  const error = form.formState.errors.model?.message;
  const problems = list?.problems ?? {};
  const problem = problems[named];
  // Problems of other servers are listed under the server's name.
  const ofServers = Object.entries(problems).filter(
    ([name, why]) => why !== problem && !known.some((model) => model.name === name),
  );
  return (
    <div>
      <label htmlFor="setting-model" className="mb-1.5 block font-medium text-small">
        {settingsWords.names.model}
      </label>
      <ChoiceSelect
        id="setting-model"
        aria-describedby="model-help"
        aria-invalid={error !== undefined}
        className="h-9"
        form={form}
        name="model"
        options={known.map(({ name, title }) => ({
          value: name,
          label: labelOf(title || name, name, name in problems),
        }))}
        other={(model) => {
          if (model === "") return runFormWords.defaultModel;
          return list ? runFormWords.unavailable(model) : model;
        }}
      />
      <p id="model-help" className="mt-1 min-h-4 text-quiet text-xs">
        {problem && !error ? (
          <strong lang="en" className="break-words font-medium text-error">
            {problem}
          </strong>
        ) : list && !chosen ? (
          <strong className="font-medium text-error">
            {error ?? runFormWords.unavailableHelp}
          </strong>
        ) : (
          (error ?? (
            <>
              <NotRunYet name="model" />
              {chosen ? modelFacts(chosen, placeOf(named, list)) : runFormWords.modelsLoading}
            </>
          ))
        )}
      </p>
      {ofServers.map(([name, why]) => (
        <p key={name} lang="en" className="mt-1 break-words text-quiet text-xs">
          {why}
        </p>
      ))}
    </div>
  );
}

function labelOf(title: string, name: string, isBroken: boolean): string {
  if (isBroken) return runFormWords.notLoadable(title);
  return runsInBrowser(name) ? `${title} · ${runFormWords.inBrowser}` : title;
}

/** Says where a model runs, unless all models run on this server. */
function placeOf(name: string, list: ModelList | null): string | undefined {
  const host = list?.hosts?.[name];
  if (host) return runFormWords.runsOn(host);
  if (runsInBrowser(name)) return runFormWords.inBrowser;
  return list?.models.some((model) => runsInBrowser(model.name))
    ? runFormWords.onServer
    : undefined;
}

function modelFacts(model: ModelList["models"][number], place: string | undefined): string {
  return [
    model.parameters && statusWords.parameters(formatParameters(model.parameters)),
    model.layers && statusWords.layers(model.layers),
    model.heads && statusWords.heads(model.heads),
    place,
  ]
    .filter(Boolean)
    .join(" · ");
}

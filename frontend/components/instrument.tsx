"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useRef, useState } from "react";
import { isBusy } from "@/lib/run/run-record";
import { nameToServer, type SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, toRequest } from "@/lib/settings/form-values";
import { text } from "@/lib/text/en";
import { neededCaptures, OPEN_PANELS } from "@/panels/registry";
import { BeginContext } from "./begin-context";
import { PanelGrid } from "./panel-grid";
import { RunProvider, useRunContext, useRunState } from "./run-context";
import { RunForm } from "./run-form/run-form";
import { useSettingsForm } from "./run-form/use-settings-form";
import { RunProblem } from "./run-problem";
import { SiteHeader } from "./site-header";
import { StatusStrip } from "./status-strip";
import { Timeline } from "./timeline/timeline";
import { useModels } from "./use-models";
import { useSettingFields } from "./use-setting-fields";
import { useShortcuts } from "./use-shortcuts";

/** Loaded when it is first asked for. */
const ShortcutsDialog = dynamic(() =>
  import("./shortcuts-dialog").then((module) => module.ShortcutsDialog),
);

/** Each is off where it is not named. */
const NO_BREAKPOINTS = {};

/** The page: settings on the left, the run on the right. */
export function Instrument({ fields }: { fields: readonly SettingField[] }) {
  return (
    <RunProvider>
      <Page fields={fields} />
    </RunProvider>
  );
}

function Page({ fields: built }: { fields: readonly SettingField[] }) {
  const fields = useSettingFields(built);
  const { store, controller } = useRunContext();
  const busy = useRunState(({ run }) => isBusy(run));
  const failure = useRunState(({ run }) => run.failure);
  const [help, setHelp] = useState(false);
  const formElement = useRef<HTMLFormElement>(null);
  const runElement = useRef<HTMLElement>(null);
  const form = useSettingsForm(fields);
  const models = useModels();
  const { setError, setValue, getValues } = form;

  const run = useCallback(
    (values: FormValues) => {
      const capture = neededCaptures(OPEN_PANELS);
      void controller.run({ ...toRequest(fields, values), capture });
      // On a small screen the run is below the form.
      if (window.matchMedia("(width < 64rem)").matches) runElement.current?.scrollIntoView();
    },
    [controller, fields],
  );
  useShortcuts({
    run: useCallback(() => formElement.current?.requestSubmit(), []),
    stop: useCallback(() => !help && controller.stop(), [help, controller]),
    live: useCallback(() => store.select(null), [store]),
    help: useCallback(() => setHelp(true), []),
  });

  // A server that was set up with another default model than the schema's.
  useEffect(() => {
    const initial = initialValues(fields).model;
    const named = new URLSearchParams(window.location.search).has("model");
    if (models.list && !named && getValues("model") === initial) {
      setValue("model", models.list.default);
    }
  }, [models.list, fields, getValues, setValue]);

  // What the server found wrong is shown where it can be put right.
  useEffect(() => {
    const field = fields.find((known) => nameToServer(known) === failure?.field);
    if (failure && field) {
      setError(field.name, { type: "server", message: failure.detail }, { shouldFocus: true });
    }
  }, [failure, fields, setError]);

  const begin = useCallback(
    (prompt: string) => {
      setValue("prompt", prompt, { shouldValidate: true });
      formElement.current?.requestSubmit();
    },
    [setValue],
  );

  const model = models.list?.models.find(({ name }) => name === form.watch("model"));
  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh">
      <a
        href="#run"
        className="sr-only focus:not-sr-only focus:absolute focus:z-30 focus:bg-sheet focus:p-3"
      >
        {text.site.skip}
      </a>
      <SiteHeader onShortcuts={() => setHelp(true)} />
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        <aside className="flex w-full shrink-0 flex-col border-rule border-b lg:w-84 lg:border-r lg:border-b-0">
          <RunForm
            ref={formElement}
            fields={fields}
            form={form}
            models={models.list}
            busy={busy}
            onRun={run}
            onStop={controller.stop}
            onReset={() =>
              form.reset({ ...initialValues(fields), model: models.list?.default ?? "" })
            }
          />
        </aside>
        <main
          id="run"
          ref={runElement}
          tabIndex={-1}
          className="scroll-thin min-h-0 min-w-0 flex-1 outline-none lg:overflow-y-auto"
        >
          <div className="flex min-h-full flex-col gap-px border-rule border-b bg-rule">
            <StatusStrip
              model={model}
              breakpoints={() => toRequest(fields, getValues()).breakpoints ?? NO_BREAKPOINTS}
            />
            <Timeline />
            <RunProblem models={models} />
            <BeginContext value={begin}>
              <PanelGrid />
            </BeginContext>
          </div>
        </main>
      </div>
      {help && <ShortcutsDialog open onOpenChange={setHelp} />}
    </div>
  );
}

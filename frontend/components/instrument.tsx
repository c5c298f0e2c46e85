"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useRef, useState } from "react";
import { flushAddress, writeAddress } from "@/lib/address/address-bar";
import { mediaMatches } from "@/lib/browser/media";
import { isBusy } from "@/lib/run/run-record";
import { nameToServer, type SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, toRequest } from "@/lib/settings/form-values";
import { formParameters, isSetting, runRequest } from "@/lib/settings/run-address";
import { text } from "@/lib/text";
import { isOfTraining } from "@/lib/training/trainings";
import { neededCaptures } from "@/panels/registry";
import { ArrangementProvider, useOpenPanels } from "./arrangement/arrangement-context";
import { BeginContext } from "./begin-context";
import { BranchStrip } from "./branches/branch-strip";
import { ForkContext } from "./fork-context";
import { KeptRunOffer } from "./kept/kept-run";
import { PanelGrid } from "./panel-grid";
import { PrintedSettings } from "./printed-settings";
import { RecordingDrop } from "./recording-drop";
import { useRunContext, useRunState, useSession } from "./run-context";
import { useFieldReveal } from "./run-form/reveal-field";
import { RunForm } from "./run-form/run-form";
import { useGiven, useRunInAddress } from "./run-form/use-given";
import { useSettingsForm } from "./run-form/use-settings-form";
import { RunProblem } from "./run-problem";
import { SiteHeader } from "./site-header";
import { StatusStrip } from "./status-strip";
import { Timeline } from "./timeline/timeline";
import { TrainingPlace } from "./training/training-place";
import {
  LiveTrainingContext,
  useLeaveTraining,
  useTrainingInAddress,
} from "./training/use-trainings";
import { useModels } from "./use-models";
import { useSettingFields } from "./use-setting-fields";
import { useShortcuts } from "./use-shortcuts";

/** Both are loaded when they are first asked for. */
const PanelsDrawer = dynamic(() => import("./arrangement/panels-drawer"));
const ShortcutsDialog = dynamic(() =>
  import("./shortcuts-dialog").then((module) => module.ShortcutsDialog),
);

/** Each is off where it is not named. */
const NO_BREAKPOINTS = {};

/** The page: settings on the left, the run on the right. */
export function Instrument({ fields }: { fields: readonly SettingField[] }) {
  return (
    <ArrangementProvider>
      <Page fields={fields} />
    </ArrangementProvider>
  );
}

function Page({ fields: built }: { fields: readonly SettingField[] }) {
  const models = useModels();
  const fields = useSettingFields(built, models.list);
  const session = useSession();
  const { store, controller } = useRunContext();
  const busy = useRunState(({ run }) => isBusy(run));
  const failure = useRunState(({ run }) => run.failure);
  const shownModel = useRunState(({ run }) => run.start?.model);
  const [help, setHelp] = useState(false);
  const [drawer, setDrawer] = useState<boolean | null>(null);
  const openPanels = useOpenPanels();
  const leaveTraining = useLeaveTraining();
  useTrainingInAddress();
  const formElement = useRef<HTMLFormElement>(null);
  const runElement = useRef<HTMLElement>(null);
  // Before the form reads it: a run that another view opened here sets up the form, too.
  useRunInAddress(fields);
  const [given, leaveOutGiven] = useGiven();
  const form = useSettingsForm(fields, given);
  const shown = useFieldReveal();
  const { reveal } = shown;
  const { setError, setValue, getValues } = form;
  const model = models.list?.models.find(({ name }) => name === form.watch("model"));

  const run = useCallback(
    (values: FormValues) => {
      const panels = openPanels.map(({ panel }) => panel);
      const capture = neededCaptures(panels, model?.capabilities);
      leaveTraining();
      flushAddress();
      session.run(runRequest(fields, values, given, capture));
      // On a small screen the run is below the form.
      if (mediaMatches("(width < 64rem)")) runElement.current?.scrollIntoView();
    },
    [session, fields, openPanels, model, given, leaveTraining],
  );
  useShortcuts({
    run: useCallback(() => formElement.current?.requestSubmit(), []),
    stop: controller.stop,
    live: useCallback(() => store.select(null), [store]),
    help: useCallback(() => setHelp(true), []),
  });

  // What the server found wrong is shown where it can be put right.
  useEffect(() => {
    const field = fields.find((known) => nameToServer(known) === failure?.field);
    if (failure && field) {
      setError(field.name, { type: "server", message: failure.detail });
      reveal(field.name);
    }
  }, [failure, fields, setError, reveal]);

  const showSetting = (name: string) => {
    const field = fields.find((known) => nameToServer(known) === name);
    if (field) reveal(field.name);
  };

  const begin = useCallback(
    (prompt: string) => {
      setValue("prompt", prompt, { shouldValidate: true });
      formElement.current?.requestSubmit();
    },
    [setValue],
  );

  const leaveOut = () => {
    leaveOutGiven();
    writeAddress(isSetting(fields), formParameters(fields, getValues(), {}));
  };
  const showDrawer = useCallback(() => setDrawer(true), []);
  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh">
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a part of the page */}
      <a
        href="#run"
        onClick={(event) => {
          // The fragment may hold settings.
          event.preventDefault();
          runElement.current?.focus();
        }}
        className="sr-only focus:not-sr-only focus:absolute focus:z-30 focus:bg-sheet focus:p-3"
      >
        {text.site.skip}
      </a>
      <SiteHeader onShortcuts={() => setHelp(true)} onPanels={showDrawer} single />
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        <aside className="print:hidden flex w-full shrink-0 flex-col border-rule border-b lg:w-84 lg:border-r lg:border-b-0">
          <RunForm
            ref={formElement}
            fields={fields}
            form={form}
            models={models.list}
            busy={busy}
            onRun={run}
            onStop={controller.stop}
            given={given}
            onLeaveOut={leaveOut}
            onReset={() => {
              leaveOut();
              form.reset(initialValues(fields));
            }}
            shown={shown}
          />
        </aside>
        <main
          id="run"
          ref={runElement}
          tabIndex={-1}
          className="scroll-thin max-lg:-scroll-mt-40 min-h-0 min-w-0 flex-1 outline-none lg:overflow-y-auto"
        >
          <div className="flex min-h-full flex-col gap-px border-rule border-b bg-rule">
            <StatusStrip
              model={model}
              breakpoints={() => toRequest(fields, getValues()).breakpoints ?? NO_BREAKPOINTS}
            />
            <KeptRunOffer />
            <PrintedSettings />
            <TrainingPlace />
            <Timeline />
            <RunProblem models={models} onFix={showSetting} />
            <BranchStrip />
            <LiveTrainingContext value={models.list?.training ?? false}>
              <BeginContext value={begin}>
                {/* The model of a training step is gone: nobody could go on with it. */}
                <ForkContext value={isOfTraining(store) ? null : session.fork}>
                  <PanelGrid model={model} onPanels={showDrawer} />
                </ForkContext>
              </BeginContext>
            </LiveTrainingContext>
          </div>
        </main>
      </div>
      {drawer !== null && (
        <PanelsDrawer model={shownModel ?? model} open={drawer} onOpenChange={setDrawer} />
      )}
      <RecordingDrop />
      {help && <ShortcutsDialog open onOpenChange={setHelp} />}
    </div>
  );
}

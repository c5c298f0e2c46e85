"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { classNames } from "@/components/ui/class-names";
import { orNothing } from "@/components/ui/or-nothing";
import { BranchStrip } from "@/features/branches/branch-strip";
import {
  type Beginning,
  endBeginning,
  noteSeen,
  SOURCE,
} from "@/features/first-recording/first-recording";
import { RecordingNotice } from "@/features/first-recording/recording-notice";
import { useFirstRecording } from "@/features/first-recording/use-first-recording";
import { SiteHeader } from "@/features/header/site-header";
import { useShortcuts } from "@/features/header/use-shortcuts";
import { type Dropped, RecordingDrop } from "@/features/open-recording/recording-drop";
import { LayoutProvider, useOpenPanels } from "@/features/panel-layout/layout-context";
import { PanelGrid } from "@/features/panel-layout/panel-grid";
import { PanelLinks } from "@/features/panel-layout/panel-links";
import { useFieldReveal } from "@/features/run-form/reveal-field";
import { RunForm } from "@/features/run-form/run-form";
import { useFolded } from "@/features/run-form/use-folded";
import {
  noteRequest,
  useRunInAddress,
  useRunParameters,
} from "@/features/run-form/use-run-parameters";
import { useSettingsForm } from "@/features/run-form/use-settings-form";
import { SavedRunOffer } from "@/features/saved-run/saved-run";
import { Timeline } from "@/features/timeline/timeline";
import { TrainingPlace } from "@/features/training/training-section";
import { isOfTraining } from "@/features/training/trainings";
import { useLeaveTraining, useTrainingInAddress } from "@/features/training/use-trainings";
import { mediaMatches } from "@/lib/browser/media";
import { nameHere } from "@/lib/client/run-stream";
import { runsInBrowser } from "@/lib/contract/in-browser";
import { modelNamed, useModels } from "@/lib/models/use-models";
import { branchOf } from "@/lib/run/branches";
import { canFork } from "@/lib/run/fork";
import { useRunContext, useRunState, useSession, useSessionState } from "@/lib/run/run-context";
import { isBusy } from "@/lib/run/run-record";
import { nameToServer, type SettingField } from "@/lib/settings/fields";
import { type FormValues, initialValues, toRequest } from "@/lib/settings/form-values";
import { formParameters, isSetting, runRequest } from "@/lib/settings/run-address";
import { useSettingFields } from "@/lib/settings/use-setting-fields";
import { flushAddress, writeAddress } from "@/lib/url-state/address-bar";
import { ForkContext } from "@/panels/fork-context";
import { BeginningContext } from "@/panels/generated-text/beginning-context";
import { EmptyStateContext } from "@/panels/generated-text/empty-state-context";
import { TextNoticeContext } from "@/panels/generated-text/text-notice-context";
import { neededCaptures } from "@/panels/registry";
import { Examples, ShortExamples } from "./examples";
import { PrintedSettings } from "./printed-settings";
import { RunProblem } from "./run-problem";
import { StatusStrip } from "./status-strip";
import { useFocusRun } from "./use-focus-run";

/** Loaded on first use, like ShortcutsDialog. */
const PanelsDrawer = dynamic(() => orNothing(import("@/features/panel-layout/panels-drawer")));
const ShortcutsDialog = dynamic(() => orNothing(import("@/features/shortcuts/shortcuts-dialog")));

/** Breakpoints that are not listed are off. */
const NO_BREAKPOINTS = {};

interface InstrumentProps {
  fields: readonly SettingField[];
  /** The beginning of the recording with which an empty page begins. */
  beginning: Beginning;
}

/** The main view: settings on the left, the run on the right. */
export function Instrument(props: InstrumentProps) {
  return (
    <LayoutProvider>
      <Page {...props} />
    </LayoutProvider>
  );
}

function Page({ fields: built, beginning: recorded }: InstrumentProps) {
  const models = useModels();
  const fields = useSettingFields(built, models.list);
  const session = useSession();
  const { store, controller } = useRunContext();
  const busy = useRunState(({ run }) => isBusy(run));
  const failure = useRunState(({ run }) => run.failure);
  const shownModel = useRunState(({ run }) => run.start?.model);
  const [help, setHelp] = useState(false);
  const folded = useFolded();
  const [drawer, setDrawer] = useState<boolean | null>(null);
  const openPanels = useOpenPanels();
  const leaveTraining = useLeaveTraining();
  useTrainingInAddress();
  const beginning = useFirstRecording(built, recorded);
  const shownBranch = useSessionState(({ branches, chosen }) => branchOf(branches, chosen));
  const isRecording = useRunState(({ run }) => run.source !== null);
  const bundled = shownBranch.bundled && isRecording ? shownBranch : null;
  const shownPrompt = useRunState(({ run }) => run.start?.settings.prompt);
  const isModelHere =
    models.list?.models.some(({ name }) => name === nameHere(shownModel?.name ?? "")) ?? true;
  const formElement = useRef<HTMLFormElement>(null);
  const runElement = useRef<HTMLElement>(null);
  // Before the form is created, so that a run opened by another view also fills in the form.
  useRunInAddress(fields);
  const [given, leaveOutGiven] = useRunParameters();
  const form = useSettingsForm(fields, given);
  const shown = useFieldReveal();
  const { reveal } = shown;
  const { setError, setValue, getValues } = form;
  const model = modelNamed(models.list, form.watch("model"));

  const focusRun = useFocusRun(runElement);
  const run = useCallback(
    (values: FormValues) => {
      const panels = openPanels.map(({ panel }) => panel);
      const capture = neededCaptures(panels, model?.capabilities);
      leaveTraining();
      flushAddress();
      noteRequest(fields);
      session.run(runRequest(fields, values, given, capture));
      // On small screens the run is below the form.
      if (mediaMatches("(width < 64rem)")) runElement.current?.scrollIntoView();
      focusRun();
    },
    [session, fields, openPanels, model, given, leaveTraining, focusRun],
  );
  useShortcuts({
    run: useCallback(() => formElement.current?.requestSubmit(), []),
    stop: controller.stop,
    live: useCallback(() => store.select(null), [store]),
    help: useCallback(() => setHelp(true), []),
  });

  // Shows an error of a setting at the field of that setting.
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

  const runModel = (name: string) => {
    setValue("model", name);
    formElement.current?.requestSubmit();
  };

  const openFolder = async (dropped: Dropped) => {
    const { openModel } = await import("@/features/open-model/open-model");
    const name = await openModel(dropped);
    if (name) setValue("model", name);
  };

  const leaveOut = () => {
    leaveOutGiven();
    writeAddress(isSetting(fields), formParameters(fields, getValues(), {}));
  };
  const live = models.list?.training ?? false;
  const examples = useMemo(() => <Examples begin={begin} live={live} />, [begin, live]);
  const showDrawer = useCallback(() => setDrawer(true), []);
  const isIdle = useRunState(({ run }) => run.phase === "idle");
  const expected = isIdle ? beginning : null;
  const notice = useMemo(() => {
    if (!bundled && !expected) return null;
    const close = () => {
      noteSeen("closed");
      endBeginning();
      if (bundled) session.remove(bundled.id);
    };
    return (
      <RecordingNotice
        model={beginning?.model ?? null}
        undecided={expected !== null}
        onClose={close}
      >
        <ShortExamples begin={begin} live={live} except={shownPrompt ?? beginning?.prompt} />
      </RecordingNotice>
    );
  }, [bundled, beginning, expected, session, begin, live, shownPrompt]);
  const expectedText = useMemo(
    () => beginning && { source: SOURCE, prompt: beginning.tokens },
    [beginning],
  );
  // The model of a training step no longer exists, so its run cannot be continued.
  const continues = useRunState(({ run }) => canFork(run));
  const isForkable = !isOfTraining(store) && (!bundled || isModelHere) && continues;
  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh">
      <SiteHeader onShortcuts={() => setHelp(true)} onPanels={showDrawer} single />
      <div className={classNames("flex min-h-0 flex-1 flex-col", !folded && "lg:flex-row")}>
        <aside
          data-part="settings"
          className={classNames(
            "flex w-full shrink-0 flex-col border-rule border-b print:hidden",
            !folded && "lg:w-84 lg:border-r lg:border-b-0",
          )}
        >
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
            folded={folded}
            run={store}
          />
        </aside>
        <main
          id="run"
          ref={runElement}
          tabIndex={-1}
          className="scroll-thin max-lg:-scroll-mt-40 min-h-0 min-w-0 flex-1 outline-none lg:overflow-y-auto"
        >
          <div className="flex min-h-full flex-col gap-px border-rule border-b bg-rule">
            <PanelLinks />
            <StatusStrip model={model} expected={expected !== null} />
            <SavedRunOffer />
            <PrintedSettings />
            <TrainingPlace />
            <Timeline
              breakpoints={() => toRequest(fields, getValues()).breakpoints ?? NO_BREAKPOINTS}
            />
            <RunProblem
              models={models}
              onFix={showSetting}
              onModel={runsInBrowser(form.watch("model")) ? undefined : runModel}
            />
            <BranchStrip />
            <EmptyStateContext value={examples}>
              <TextNoticeContext value={notice}>
                <BeginningContext value={expectedText}>
                  <ForkContext value={isForkable ? session.fork : null}>
                    <PanelGrid model={model} onPanels={showDrawer} />
                  </ForkContext>
                </BeginningContext>
              </TextNoticeContext>
            </EmptyStateContext>
          </div>
        </main>
      </div>
      {drawer !== null && (
        <PanelsDrawer model={shownModel ?? model} open={drawer} onOpenChange={setDrawer} />
      )}
      <RecordingDrop onFolder={openFolder} />
      {help && <ShortcutsDialog open onOpenChange={setHelp} />}
    </div>
  );
}

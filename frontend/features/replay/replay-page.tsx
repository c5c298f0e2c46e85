"use client";

import { useCallback, useEffect, useState } from "react";
import { Mark } from "@/components/page-controls/mark";
import { ThemeToggle } from "@/components/page-controls/theme-toggle";
import { BranchStrip } from "@/features/branches/branch-strip";
import { Definitions } from "@/features/definitions/definitions";
import { DepthSwitch } from "@/features/depth/depth-switch";
import { SaveButton } from "@/features/header/save-button";
import { PanelsButton } from "@/features/header/site-header";
import { RunProblem } from "@/features/instrument/run-problem";
import { StatusStrip } from "@/features/instrument/status-strip";
import { RecordingDrop } from "@/features/open-recording/recording-drop";
import { LayoutProvider } from "@/features/panel-layout/layout-context";
import { PanelGrid } from "@/features/panel-layout/panel-grid";
import PanelsDrawer from "@/features/panel-layout/panels-drawer";
import { Timeline } from "@/features/timeline/timeline";
import { TrainingPlace } from "@/features/training/training-section";
import { words as siteWords } from "@/lib/i18n/words";
import { hasModelInside, isOfModel, modelInside } from "@/lib/recording/model-inside";
import { isTraining } from "@/lib/recording/open-recording";
import { readRecording } from "@/lib/recording/read-recording";
import { SessionProvider, useRunContext, useRunState, useSession } from "@/lib/run/run-context";
import { ForkContext } from "@/panels/fork-context";
import { words as replayWords } from "./words";
import "@/components/ui/composing";
import { ViewBoundary } from "@/components/ui/view-boundary";
import { useTrainingPlace } from "@/features/training/use-training-place";

/** The instrument without a server, for a page that contains the recording of a run. */
export function Replay({ recording }: { recording: Blob | null }) {
  return (
    <SessionProvider>
      <ViewBoundary>
        <LayoutProvider>
          <Page recording={recording} />
        </LayoutProvider>
      </ViewBoundary>
      <Definitions />
    </SessionProvider>
  );
}

function Page({ recording }: { recording: Blob | null }) {
  const { controller } = useRunContext();
  // The controller of the page's own run. Recordings that are opened later have their own.
  const [own] = useState(controller);
  const place = useTrainingPlace();
  useEffect(() => {
    if (!recording) return;
    void isTraining(recording).then(async (training) => {
      if (!training) return own.replay(readRecording(recording, document.title), "");
      const { openTraining } = await import("@/features/training/open-training");
      await openTraining(recording, "", place());
    });
  }, [recording, own, place]);
  const [drawer, setDrawer] = useState<boolean | null>(null);
  const showDrawer = useCallback(() => setDrawer(true), []);
  const words = replayWords;
  const session = useSession();
  const [inside] = useState(() => modelInside(document));
  const start = useRunState(({ run }) => run.start);
  const isRunnable = inside !== null && start !== null && isOfModel(inside, start.model.name);
  useEffect(() => {
    if (!start) return;
    const { prompt } = start.settings;
    document.title = replayWords.title(String(prompt ?? start.model.name).slice(0, 60));
  }, [start]);
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="relative flex h-13 shrink-0 items-center justify-between gap-4 border-rule border-b bg-paper px-5">
        <h1 className="flex min-w-0 items-center gap-3">
          <Mark />
          <span className="font-semibold text-base tracking-[-0.02em]">{siteWords.name}</span>
          <span className="hidden truncate font-serif text-[1.0625rem] text-quiet italic sm:inline">
            {inside ? words.aboutModel : words.about}
          </span>
        </h1>
        <div className="flex items-center gap-1.5">
          <PanelsButton onPanels={showDrawer} />
          <SaveButton standalone />
          <DepthSwitch />
          <ThemeToggle />
        </div>
      </header>
      <main className="flex flex-1 flex-col gap-px border-rule border-b bg-rule">
        {recording ? (
          <>
            <StatusStrip model={undefined} />
            <TrainingPlace />
            <Timeline breakpoints={isRunnable ? () => start.settings.breakpoints : undefined} />
            {hasModelInside(document) && !inside && <ModelDamaged />}
            <RunProblem models={null} />
            <BranchStrip />
            <ForkContext value={isRunnable ? session.fork : null}>
              <PanelGrid model={undefined} onPanels={showDrawer} />
            </ForkContext>
          </>
        ) : (
          <div className="flex-1 bg-sheet p-8">
            <p className="font-semibold text-base">{words.none}</p>
            <p className="mt-1 text-quiet">{words.noneDetail}</p>
          </div>
        )}
      </main>
      <RecordingDrop />
      {drawer !== null && (
        <PanelsDrawer model={start?.model} open={drawer} onOpenChange={setDrawer} />
      )}
    </div>
  );
}

/** Says that the model cannot be used; the recording plays. */
function ModelDamaged() {
  const { title, detail } = replayWords.damaged(replayWords.noDescription);
  return (
    <div role="alert" className="bg-error-wash px-5 py-4 text-small">
      <p className="font-semibold">{title}</p>
      <p className="mt-0.5">{detail}</p>
    </div>
  );
}

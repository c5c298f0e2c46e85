"use client";

import { useCallback, useEffect, useState } from "react";
import { isTraining } from "@/lib/recording/open-recording";
import { readRecording } from "@/lib/recording/read-recording";
import { text } from "@/lib/text";
import { ArrangementProvider } from "./arrangement/arrangement-context";
import PanelsDrawer from "./arrangement/panels-drawer";
import { PanelGrid } from "./panel-grid";
import { RecordingDrop } from "./recording-drop";
import { SessionProvider, useRunContext, useRunState } from "./run-context";
import { RunProblem } from "./run-problem";
import { SaveMenu } from "./save-menu";
import { Mark, PanelsButton } from "./site-header";
import { StatusStrip } from "./status-strip";
import { ThemeToggle } from "./theme-toggle";
import { Timeline } from "./timeline/timeline";
import { TrainingPlace } from "./training/training-place";
import "./ui/composing";
import { useTrainingPlace } from "./use-open-recording";
import { ViewBoundary } from "./view-boundary";

/** A page that holds its run: the instrument without a server. */
export function Replay({ recording }: { recording: Blob | null }) {
  return (
    <SessionProvider>
      <ViewBoundary>
        <ArrangementProvider>
          <Page recording={recording} />
        </ArrangementProvider>
      </ViewBoundary>
    </SessionProvider>
  );
}

function Page({ recording }: { recording: Blob | null }) {
  const { controller } = useRunContext();
  // Other recordings may be opened beside it, each with a controller of its own.
  const [own] = useState(controller);
  const place = useTrainingPlace();
  useEffect(() => {
    if (!recording) return;
    void isTraining(recording).then(async (training) => {
      if (!training) return own.replay(readRecording(recording, document.title), "");
      const { openTraining } = await import("@/lib/training/open-training");
      await openTraining(recording, "", place());
    });
  }, [recording, own, place]);
  const [drawer, setDrawer] = useState<boolean | null>(null);
  const showDrawer = useCallback(() => setDrawer(true), []);
  const words = text.replay;
  const start = useRunState(({ run }) => run.start);
  useEffect(() => {
    if (!start) return;
    const { prompt } = start.settings;
    document.title = text.replay.title(String(prompt ?? start.model.name).slice(0, 60));
  }, [start]);
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="relative flex h-13 shrink-0 items-center justify-between gap-4 border-rule border-b bg-paper px-5">
        <h1 className="flex min-w-0 items-center gap-3">
          <Mark />
          <span className="font-semibold text-base tracking-[-0.02em]">{text.site.name}</span>
          <span className="hidden truncate font-serif text-[1.0625rem] text-quiet italic sm:inline">
            {words.about}
          </span>
        </h1>
        <div className="flex items-center gap-1.5">
          <PanelsButton onPanels={showDrawer} />
          <SaveMenu standalone />
          <ThemeToggle />
        </div>
      </header>
      <main className="flex flex-1 flex-col gap-px border-rule border-b bg-rule">
        {recording ? (
          <>
            <StatusStrip model={undefined} />
            <TrainingPlace />
            <Timeline />
            <RunProblem models={null} />
            <PanelGrid model={undefined} onPanels={showDrawer} />
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

"use client";

import dynamic from "next/dynamic";
import { useEffect } from "react";
import { useStore } from "zustand";
import { Definitions } from "@/features/definitions/definitions";
import type { Beginning } from "@/features/first-recording/first-recording";
import { Instrument } from "@/features/instrument/instrument";
import { followLanguage } from "@/lib/i18n/language";
import { useVisitorsLanguage } from "@/lib/i18n/use-language";
import type { SettingField } from "@/lib/settings/fields";
import { followTheme, lightOnPaper } from "@/lib/theme/theme";
import { followAddress, showRendered, viewStore } from "@/lib/views/view";
import "@/components/ui/composing";
import { ViewBoundary } from "@/components/ui/view-boundary";
import { KeepRun } from "@/features/saved-run/saved-run";
import { SessionProvider } from "@/lib/run/run-context";
import { LOADERS } from "@/words/loaders";

/** Loaded on first use, like ChatView. */
const CompareView = dynamic(() =>
  import("@/features/compare/compare-view").then((module) => module.CompareView),
);
const ChatView = dynamic(() =>
  import("@/features/chat/chat-view").then((module) => module.ChatView),
);

interface SiteProps {
  fields: readonly SettingField[];
  beginning: Beginning;
}

/**
 * The page with its views. Runs live outside of the views, so they continue when the view changes.
 */
export function Site({ fields, beginning }: SiteProps) {
  const language = useVisitorsLanguage(LOADERS);
  const view = useStore(viewStore, (state) => state.view);
  useEffect(followAddress, []);
  useEffect(() => showRendered(view), [view]);
  useEffect(followTheme, []);
  useEffect(lightOnPaper, []);
  useEffect(followLanguage, []);
  return (
    <SessionProvider>
      <KeepRun />
      {/* A change of the language mounts the view again. Runs and address are not affected. */}
      <ViewBoundary key={`${language} ${view}`}>
        {view === "instrument" && <Instrument fields={fields} beginning={beginning} />}
        {view === "compare" && <CompareView fields={fields} />}
        {view === "chat" && <ChatView fields={fields} />}
      </ViewBoundary>
      <Definitions />
    </SessionProvider>
  );
}

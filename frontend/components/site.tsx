"use client";

import dynamic from "next/dynamic";
import { useEffect } from "react";
import { useStore } from "zustand";
import type { SettingField } from "@/lib/settings/fields";
import { followLanguage } from "@/lib/text/language";
import { useVisitorsLanguage } from "@/lib/text/use-language";
import { followTheme, lightOnPaper } from "@/lib/theme/theme";
import { followAddress, viewStore } from "@/lib/views/view";
import { Instrument } from "./instrument";
import "./ui/composing";
import { KeepRun } from "./kept/kept-run";
import { SessionProvider } from "./run-context";
import { ViewBoundary } from "./view-boundary";

/** Loaded when it is first opened. */
const CompareView = dynamic(() =>
  import("./compare/compare-view").then((module) => module.CompareView),
);
const ChatView = dynamic(() => import("./chat/chat-view").then((module) => module.ChatView));

/** The one page with its views; runs outlive the view that began them. */
export function Site({ fields }: { fields: readonly SettingField[] }) {
  const language = useVisitorsLanguage();
  const view = useStore(viewStore, (state) => state.view);
  useEffect(followAddress, []);
  useEffect(followTheme, []);
  useEffect(lightOnPaper, []);
  useEffect(followLanguage, []);
  return (
    <SessionProvider>
      <KeepRun />
      {/* In another language a view is made anew; the runs and the address bar outlive it. */}
      <ViewBoundary key={`${language} ${view}`}>
        {view === "instrument" && <Instrument fields={fields} />}
        {view === "compare" && <CompareView fields={fields} />}
        {view === "chat" && <ChatView fields={fields} />}
      </ViewBoundary>
    </SessionProvider>
  );
}

"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { flushAddress } from "@/lib/address/address-bar";
import { mediaMatches } from "@/lib/browser/media";
import { comparison } from "@/lib/compare/current";
import { nameToServer, type SettingField } from "@/lib/settings/fields";
import { toRequest } from "@/lib/settings/form-values";
import { text } from "@/lib/text";
import { viewStore } from "@/lib/views/view";
import { ArrangementProvider, useOpenPanels } from "../arrangement/arrangement-context";
import { ErrorCard } from "../error-card";
import { SiteHeader } from "../site-header";
import { useModels } from "../use-models";
import { useSettingFields } from "../use-setting-fields";
import { useShortcuts } from "../use-shortcuts";
import { BesideView } from "./beside-view";
import { comparedCaptures } from "./captures";
import { CompareEmpty } from "./compare-empty";
import { CompareForm } from "./compare-form";
import { PairView } from "./pair-view";
import { usePairForms } from "./use-pair-forms";

const PanelsDrawer = dynamic(() => import("../arrangement/panels-drawer"));
const ShortcutsDialog = dynamic(() =>
  import("../shortcuts-dialog").then((module) => module.ShortcutsDialog),
);

interface CompareViewProps {
  fields: readonly SettingField[];
}

/** Two runs in step: their settings on the left, both runs on the right. */
export function CompareView({ fields }: CompareViewProps) {
  return (
    <ArrangementProvider>
      <Page fields={fields} />
    </ArrangementProvider>
  );
}

function Page({ fields: built }: CompareViewProps) {
  const models = useModels();
  const fields = useSettingFields(built, models.list);
  const pair = usePairForms(fields);
  const beside = useStore(viewStore, (state) => state.beside);
  const state = useStore(comparison);
  const a = useStore(comparison.sides.a, ({ run }) => run);
  const b = useStore(comparison.sides.b, ({ run }) => run);
  const openPanels = useOpenPanels();
  const [help, setHelp] = useState(false);
  const [drawer, setDrawer] = useState<boolean | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const main = useRef<HTMLElement>(null);
  const { forms, mode } = pair;

  // What the server found wrong is shown where it can be put right.
  const { setSide, reveal } = pair;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each failure
  useEffect(() => {
    const [side, ...rest] = (state.failure?.field ?? "").split(".");
    const field = fields.find((known) => nameToServer(known) === rest.join("."));
    if (!state.failure || !field || (side !== "a" && side !== "b")) return;
    setSide(side);
    forms[side].setError(field.name, { type: "server", message: state.failure.detail });
    reveal.reveal(field.name);
  }, [state.failure]);

  const run = useCallback(() => {
    flushAddress();
    viewStore.setState({ beside: null });
    const panels = openPanels.map(({ panel }) => panel);
    const asked = (side: "a" | "b") => {
      const request = toRequest(fields, forms[side].getValues());
      const model = models.list?.models.find(({ name }) => name === request.model);
      return { ...request, capture: comparedCaptures(panels, model) };
    };
    void comparison.run({ a: asked("a"), b: asked("b"), mode });
    if (mediaMatches("(width < 64rem)")) main.current?.scrollIntoView();
  }, [fields, forms, mode, models.list, openPanels]);
  useShortcuts({
    run: useCallback(() => form.current?.requestSubmit(), []),
    stop: comparison.stop,
    live: useCallback(() => {}, []),
    help: useCallback(() => setHelp(true), []),
  });

  const showDrawer = useCallback(() => setDrawer(true), []);
  const failure = state.failure ?? models.failure;
  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh">
      <SiteHeader onShortcuts={() => setHelp(true)} onPanels={showDrawer} />
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        <aside className="print:hidden flex w-full shrink-0 flex-col border-rule border-b lg:w-84 lg:border-r lg:border-b-0">
          <CompareForm
            ref={form}
            fields={fields}
            pair={pair}
            models={models.list}
            busy={state.going}
            onRun={run}
            onStop={comparison.stop}
          />
        </aside>
        <main
          id="run"
          ref={main}
          tabIndex={-1}
          aria-label={text.compare.label}
          className="scroll-thin max-lg:-scroll-mt-40 relative min-h-0 min-w-0 flex-1 outline-none lg:overflow-y-auto"
        >
          <div className="flex min-h-full flex-col gap-px border-rule border-b bg-rule">
            {failure && (
              <ErrorCard
                failure={failure}
                received={a.frames.length + b.frames.length}
                onRetry={() => (state.failure ? void comparison.retry() : models.reload())}
              />
            )}
            {beside ? (
              <BesideView beside={beside} onPanels={showDrawer} />
            ) : state.request ? (
              <PairView records={{ a, b }} measured onPanels={showDrawer} {...state} />
            ) : (
              <CompareEmpty pair={pair} models={models.list} />
            )}
          </div>
        </main>
      </div>
      {drawer !== null && (
        <PanelsDrawer model={a.start?.model} open={drawer} onOpenChange={setDrawer} />
      )}
      {help && <ShortcutsDialog open onOpenChange={setHelp} />}
    </div>
  );
}

"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { ErrorCard } from "@/components/ui/error-card";
import { orNothing } from "@/components/ui/or-nothing";
import { SiteHeader } from "@/features/header/site-header";
import { useShortcuts } from "@/features/header/use-shortcuts";
import { LayoutProvider, useOpenPanels } from "@/features/panel-layout/layout-context";
import { PanelLinks } from "@/features/panel-layout/panel-links";
import { mediaMatches } from "@/lib/browser/media";
import { modelNamed, useModels } from "@/lib/models/use-models";
import { nameToServer, type SettingField } from "@/lib/settings/fields";
import { toRequest } from "@/lib/settings/form-values";
import { useSettingFields } from "@/lib/settings/use-setting-fields";
import { flushAddress } from "@/lib/url-state/address-bar";
import { viewStore } from "@/lib/views/view";
import { comparedCaptures } from "./captures";
import { CompareEmpty } from "./compare-empty";
import { CompareForm } from "./compare-form";
import { comparison } from "./current-comparison";
import { tokensInTime } from "./pair";
import { PairView } from "./pair-view";
import { SideBySideView } from "./side-by-side-view";
import { TimeLimitNote } from "./time-limit-note";
import { usePairForms } from "./use-pair-forms";
import { words } from "./words";

const PanelsDrawer = dynamic(() => orNothing(import("@/features/panel-layout/panels-drawer")));
const ShortcutsDialog = dynamic(() => orNothing(import("@/features/shortcuts/shortcuts-dialog")));

interface CompareViewProps {
  fields: readonly SettingField[];
}

/** Two runs in lockstep. Their settings are on the left, the runs on the right. */
export function CompareView({ fields }: CompareViewProps) {
  return (
    <LayoutProvider>
      <Page fields={fields} />
    </LayoutProvider>
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

  // Shows an error of a setting at the field of that setting.
  const { setSide, reveal } = pair;
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once per failure
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
    const requestOf = (side: "a" | "b") => {
      const request = toRequest(fields, forms[side].getValues());
      const model = modelNamed(models.list, request.model);
      return { ...request, capture: comparedCaptures(panels, model) };
    };
    void comparison.run({ a: requestOf("a"), b: requestOf("b"), mode });
    if (mediaMatches("(width < 64rem)")) main.current?.scrollIntoView();
    main.current?.focus({ preventScroll: true });
  }, [fields, forms, mode, models.list, openPanels]);
  useShortcuts({
    run: useCallback(() => form.current?.requestSubmit(), []),
    stop: comparison.stop,
    live: useCallback(() => {}, []),
    help: useCallback(() => setHelp(true), []),
  });

  const runWith = (tokens: number) => {
    for (const form of [forms.a, forms.b]) {
      for (const name of ["max_new_tokens", "min_new_tokens"]) {
        const isMore = name === "max_new_tokens" || Number(form.getValues()[name]) > tokens;
        if (isMore)
          form.setValue(name, String(tokens), { shouldValidate: true, shouldDirty: true });
      }
    }
    run();
  };
  const inTime = state.going ? null : tokensInTime({ a, b });

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
          aria-label={words.label}
          className="scroll-thin max-lg:-scroll-mt-40 relative min-h-0 min-w-0 flex-1 outline-none lg:overflow-y-auto"
        >
          <div className="flex min-h-full flex-col gap-px border-rule border-b bg-rule">
            {(beside || state.request) && <PanelLinks />}
            {failure && (
              <ErrorCard
                failure={failure}
                received={a.frames.length + b.frames.length}
                onRetry={() => (state.failure ? void comparison.retry() : models.reload())}
              />
            )}
            {beside ? (
              <SideBySideView beside={beside} onPanels={showDrawer} />
            ) : state.request ? (
              <PairView records={{ a, b }} measured onPanels={showDrawer} {...state}>
                {inTime !== null && <TimeLimitNote tokens={inTime} onAgain={runWith} />}
              </PairView>
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

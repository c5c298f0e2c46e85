"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useRef, useState } from "react";
import type { ErrorOption } from "react-hook-form";
import { useStore } from "zustand";
import { ErrorCard } from "@/components/ui/error-card";
import { orNothing } from "@/components/ui/or-nothing";
import { SiteHeader } from "@/features/header/site-header";
import { useShortcuts } from "@/features/header/use-shortcuts";
import { LayoutProvider, useOpenPanels } from "@/features/panel-layout/layout-context";
import { useFieldReveal } from "@/features/run-form/reveal-field";
import { problemsOf, useSettingsForm } from "@/features/run-form/use-settings-form";
import type { Failure } from "@/lib/contract/frames";
import { modelNamed, useModels } from "@/lib/models/use-models";
import { nameToServer, type SettingField } from "@/lib/settings/fields";
import { toRequest } from "@/lib/settings/form-values";
import { useSettingFields } from "@/lib/settings/use-setting-fields";
import { flushAddress } from "@/lib/url-state/address-bar";
import { neededCaptures } from "@/panels/registry";
import { ChatEmpty } from "./chat-empty";
import { ChatSettingsForm } from "./chat-settings";
import { Composer } from "./composer";
import type { ChatSettings } from "./conversation";
import { conversation } from "./current-conversation";
import { ReplyTurn } from "./reply-turn";
import { SavedChatOffer } from "./saved-conversation";
import { UserTurn } from "./user-turn";
import { words } from "./words";

const ShortcutsDialog = dynamic(() => orNothing(import("@/features/shortcuts/shortcuts-dialog")));

interface ChatViewProps {
  fields: readonly SettingField[];
}

/** A conversation. Each reply is a run that can be opened in the instrument's panels. */
export function ChatView({ fields }: ChatViewProps) {
  return (
    <LayoutProvider>
      <Page fields={fields} />
    </LayoutProvider>
  );
}

function Page({ fields: built }: ChatViewProps) {
  const models = useModels();
  const fields = useSettingFields(built, models.list);
  const form = useSettingsForm(fields);
  const { system, draft, turns } = useStore(conversation);
  const openPanels = useOpenPanels();
  const [help, setHelp] = useState(false);
  const end = useRef<HTMLDivElement>(null);
  const model = modelNamed(models.list, form.watch("model"));

  const readSettings = useCallback((): ChatSettings => {
    const { prompt: _, ...settings } = toRequest(fields, form.getValues());
    const panels = openPanels.map(({ panel }) => panel);
    return { ...settings, capture: neededCaptures(panels, model?.capabilities) };
  }, [fields, form, openPanels, model]);
  const shown = useFieldReveal();
  const { reveal } = shown;
  /**
   * Calls `act` with the settings if they are valid, else shows the first invalid field. Returns
   * whether it called `act`.
   */
  const withSettings = useCallback(
    (act: (settings: ChatSettings) => void): boolean => {
      // The messages replace the prompt, so the prompt is not validated.
      const problems = problemsOf(fields, form.getValues(), { messages: [] });
      const [first] = Object.keys(problems);
      if (first === undefined) {
        flushAddress();
        act(readSettings());
        return true;
      }
      for (const [name, problem] of Object.entries<ErrorOption>(problems)) {
        form.setError(name, problem);
      }
      reveal(first);
      return false;
    },
    [fields, form, readSettings, reveal],
  );
  /** Sends the draft. If a setting is invalid, it stays in the field. */
  const send = useCallback(() => {
    // While the page is loading, what was typed may not have been rendered yet.
    const message = conversation.getState().draft.trim();
    if (message !== "" && withSettings((settings) => conversation.say(message, settings))) {
      conversation.setDraft("");
    }
  }, [withSettings]);
  const showRefused = useCallback(
    ({ field: named, detail }: Failure) => {
      const field = fields.find((known) => nameToServer(known) === named);
      if (!field) return;
      form.setError(field.name, { type: "server", message: detail });
      reveal(field.name);
    },
    [fields, form, reveal],
  );
  useShortcuts({
    run: useCallback(() => {}, []),
    stop: conversation.stop,
    live: useCallback(() => {}, []),
    help: useCallback(() => setHelp(true), []),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when a turn is added
  useEffect(() => {
    // The braces keep the effect from returning scrollIntoView's promise (in newer browsers), which
    // React would take for a clean-up function.
    end.current?.scrollIntoView({ block: "nearest" });
  }, [turns.length]);

  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh">
      <SiteHeader onShortcuts={() => setHelp(true)} />
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        <aside className="print:hidden w-full shrink-0 border-rule border-b lg:w-84 lg:overflow-y-auto lg:border-r lg:border-b-0">
          <ChatSettingsForm
            fields={fields}
            form={form}
            models={models.list}
            system={system}
            turns={turns}
            shown={shown}
          />
        </aside>
        <main
          id="run"
          tabIndex={-1}
          aria-label={words.label}
          className="flex min-h-0 min-w-0 flex-1 flex-col bg-sheet outline-none"
        >
          {models.failure && (
            <ErrorCard failure={models.failure} received={0} onRetry={models.reload} />
          )}
          <div className="scroll-thin relative min-h-0 flex-1 overflow-y-auto px-5 py-6">
            {turns.length === 0 && <SavedChatOffer />}
            {turns.length === 0 ? (
              <ChatEmpty model={model} onBegin={conversation.setDraft} />
            ) : (
              <ol aria-label={words.turns} className="mx-auto max-w-3xl space-y-6">
                {turns.map((turn, place) =>
                  turn.role === "user" ? (
                    <UserTurn
                      key={turn.id}
                      turn={turn}
                      onEdit={(content) =>
                        withSettings((settings) => conversation.edit(turn.id, content, settings))
                      }
                    />
                  ) : (
                    <ReplyTurn
                      key={turn.id}
                      turn={turn}
                      last={place === turns.length - 1}
                      canShorten={turns.filter(({ role }) => role === "user").length > 1}
                      onRegenerate={() =>
                        withSettings((settings) => conversation.regenerate(turn.id, settings))
                      }
                      onEdit={(content) => {
                        conversation.edit(turn.id, content, readSettings());
                        return true;
                      }}
                      onShorten={() => withSettings(conversation.shorten)}
                      onRefused={showRefused}
                      onTakeBack={conversation.takeBack}
                    />
                  ),
                )}
              </ol>
            )}
            <div ref={end} />
          </div>
          <Composer draft={draft} onDraft={conversation.setDraft} onSend={send} />
        </main>
      </div>
      {help && <ShortcutsDialog open onOpenChange={setHelp} />}
    </div>
  );
}

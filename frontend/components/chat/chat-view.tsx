"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useRef, useState } from "react";
import type { ErrorOption } from "react-hook-form";
import { useStore } from "zustand";
import { flushAddress } from "@/lib/address/address-bar";
import type { ChatSettings } from "@/lib/chat/conversation";
import { conversation } from "@/lib/chat/current";
import type { Failure } from "@/lib/run/frames";
import { nameToServer, type SettingField } from "@/lib/settings/fields";
import { toRequest } from "@/lib/settings/form-values";
import { text } from "@/lib/text";
import { neededCaptures } from "@/panels/registry";
import { ArrangementProvider, useOpenPanels } from "../arrangement/arrangement-context";
import { ErrorCard } from "../error-card";
import { useFieldReveal } from "../run-form/reveal-field";
import { problemsOf, useSettingsForm } from "../run-form/use-settings-form";
import { SiteHeader } from "../site-header";
import { useModels } from "../use-models";
import { useSettingFields } from "../use-setting-fields";
import { useShortcuts } from "../use-shortcuts";
import { ChatEmpty } from "./chat-empty";
import { ChatSettingsForm } from "./chat-settings";
import { Composer } from "./composer";
import { KeptChatOffer } from "./kept-chat";
import { ReplyTurn } from "./reply-turn";
import { UserTurn } from "./user-turn";

const ShortcutsDialog = dynamic(() =>
  import("../shortcuts-dialog").then((module) => module.ShortcutsDialog),
);

interface ChatViewProps {
  fields: readonly SettingField[];
}

/** A conversation, each reply of which is a run that the instrument's panels can show. */
export function ChatView({ fields }: ChatViewProps) {
  return (
    <ArrangementProvider>
      <Page fields={fields} />
    </ArrangementProvider>
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
  const model = models.list?.models.find(({ name }) => name === form.watch("model"));

  const settings = useCallback((): ChatSettings => {
    const { prompt: _, ...asked } = toRequest(fields, form.getValues());
    const panels = openPanels.map(({ panel }) => panel);
    return { ...asked, capture: neededCaptures(panels, model?.capabilities) };
  }, [fields, form, openPanels, model]);
  const shown = useFieldReveal();
  const { reveal } = shown;
  /** Does it with the settings, or shows which of them cannot be sent. */
  const withSettings = useCallback(
    (act: (settings: ChatSettings) => void): boolean => {
      // What is said takes the place of the prompt.
      const problems = problemsOf(fields, form.getValues(), { messages: [] });
      const [first] = Object.keys(problems);
      if (first === undefined) {
        flushAddress();
        act(settings());
        return true;
      }
      for (const [name, problem] of Object.entries<ErrorOption>(problems)) {
        form.setError(name, problem);
      }
      reveal(first);
      return false;
    },
    [fields, form, settings, reveal],
  );
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn comes into sight
  useEffect(() => {
    // In braces: newer browsers give a promise, which React would take for a clean-up.
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
          aria-label={text.chat.label}
          className="flex min-h-0 min-w-0 flex-1 flex-col bg-sheet outline-none"
        >
          {models.failure && (
            <ErrorCard failure={models.failure} received={0} onRetry={models.reload} />
          )}
          <div className="scroll-thin relative min-h-0 flex-1 overflow-y-auto px-5 py-6">
            {turns.length === 0 && <KeptChatOffer />}
            {turns.length === 0 ? (
              <ChatEmpty model={model} onBegin={conversation.setDraft} />
            ) : (
              <ol aria-label={text.chat.turns} className="mx-auto max-w-3xl space-y-6">
                {turns.map((turn, place) =>
                  turn.role === "user" ? (
                    <UserTurn
                      key={turn.id}
                      turn={turn}
                      onEdit={(content) =>
                        withSettings((asked) => conversation.edit(turn.id, content, asked))
                      }
                    />
                  ) : (
                    <ReplyTurn
                      key={turn.id}
                      turn={turn}
                      last={place === turns.length - 1}
                      canShorten={turns.filter(({ role }) => role === "user").length > 1}
                      onRegenerate={() =>
                        withSettings((asked) => conversation.regenerate(turn.id, asked))
                      }
                      onEdit={(content) => {
                        conversation.edit(turn.id, content, settings());
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
          <Composer
            draft={draft}
            onDraft={conversation.setDraft}
            onSay={(content) => withSettings((asked) => conversation.say(content, asked))}
          />
        </main>
      </div>
      {help && <ShortcutsDialog open onOpenChange={setHelp} />}
    </div>
  );
}

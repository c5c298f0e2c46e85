"use client";

import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import type { UseFormReturn } from "react-hook-form";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { Disclosure } from "@/components/ui/disclosure";
import { Textarea } from "@/components/ui/input";
import { ChangedSettings } from "@/features/run-form/changed-settings";
import { ModelSelect } from "@/features/run-form/model-select";
import { type FieldReveal, useRevealedField } from "@/features/run-form/reveal-field";
import { SettingControl } from "@/features/run-form/setting-control";
import { words as runFormWords } from "@/features/run-form/words";
import type { ModelList } from "@/lib/contract";
import { formatCount } from "@/lib/i18n/numbers";
import { contextLength } from "@/lib/run/run-record";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { groupFields } from "@/lib/settings/groups";
import type { Turn } from "./conversation";
import { conversation } from "./current-conversation";
import { words as chatWords } from "./words";

interface ChatSettingsFormProps {
  fields: readonly SettingField[];
  form: UseFormReturn<FormValues>;
  models: ModelList | null;
  system: string;
  turns: readonly Turn[];
  /** The field to scroll to and focus. */
  shown: FieldReveal;
}

/** The chat's form: model, system prompt, settings, and how full the context is. */
export function ChatSettingsForm(props: ChatSettingsFormProps) {
  const { fields, form, models, system, turns } = props;
  const [shown, setShown] = useState(false);
  useRevealedField(props.shown, (name) => name !== "model" && setShown(true));
  const groups = groupFields(fields);
  const model = fields.find(({ name }) => name === "model");
  const last = turns.findLast((turn) => turn.role === "assistant");
  const words = chatWords;
  return (
    <ChangedSettings fields={fields} form={form} run={last?.run.store ?? null}>
      <div data-terms className="relative px-5 pt-5 pb-3">
        {model && <ModelSelect field={model} form={form} list={models} />}
        {last && <ContextMeter turn={last} />}
        <Button
          variant="quiet"
          className="-mx-3 mt-1 lg:hidden"
          aria-expanded={shown}
          onClick={() => setShown(!shown)}
        >
          <SlidersHorizontal size={14} aria-hidden />
          {words.settings}
        </Button>
        <div className={classNames("mt-3 lg:block", !shown && "hidden")}>
          <label htmlFor="chat-system" className="mb-1.5 block font-medium text-small">
            {words.system}
          </label>
          <Textarea
            id="chat-system"
            rows={2}
            value={system}
            placeholder={words.systemPlaceholder}
            aria-describedby="chat-system-help"
            onChange={(event) => conversation.setSystem(event.target.value)}
            className="block resize-y text-small"
          />
          <p id="chat-system-help" className="mt-0.5 mb-2 text-quiet text-xs">
            {words.systemHelp}
          </p>
          {groups.common.map((field) => (
            <SettingControl key={field.name} field={field} form={form} />
          ))}
          <Disclosure name="more" label={runFormWords.more}>
            {groups.more.map((field) => (
              <SettingControl key={field.name} field={field} form={form} />
            ))}
          </Disclosure>
          {turns.length > 0 && (
            <Button className="mt-2" onClick={conversation.clear}>
              {words.clear}
            </Button>
          )}
        </div>
      </div>
    </ChangedSettings>
  );
}

/** Shows how much of the model's context the conversation used in the last reply. */
function ContextMeter({ turn }: { turn: Turn & { role: "assistant" } }) {
  const run = useStore(turn.run.store, (state) => state.run);
  const context = run.start?.model.context;
  if (!context || !run.prompt) return null;
  const used = contextLength(run);
  const share = Math.min(1, used / context);
  return (
    <div className="mt-2 mb-3">
      <p className="flex justify-between text-xs">
        <span className="text-quiet">{chatWords.context}</span>
        <span className="figures">
          {formatCount(used)}/{formatCount(context)}
        </span>
      </p>
      <div
        role="meter"
        aria-label={chatWords.context}
        aria-valuemin={0}
        aria-valuemax={context}
        aria-valuenow={used}
        className="mt-1 h-1.5 overflow-hidden rounded-full bg-well"
      >
        <div
          className={classNames("h-full", share > 0.85 ? "bg-error" : "bg-edge")}
          style={{ width: `${share * 100}%` }}
        />
      </div>
    </div>
  );
}

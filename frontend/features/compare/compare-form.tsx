"use client";

import { ArrowRight, X } from "lucide-react";
import type { RefObject } from "react";
import { Segmented } from "@/components/ui/segmented";
import { RunForm } from "@/features/run-form/run-form";
import { problemsOf } from "@/features/run-form/use-settings-form";
import type { ModelList } from "@/lib/contract";
import type { SettingField } from "@/lib/settings/fields";
import { initialValues } from "@/lib/settings/form-values";
import { words as settingsWords } from "@/lib/settings/words";
import { comparison } from "./current-comparison";
import type { Mode, usePairForms } from "./use-pair-forms";
import { words as compareWords } from "./words";

/** Compare takes no messages and no forced tokens from a link. */
const NOTHING = {};

interface CompareFormProps {
  ref: RefObject<HTMLFormElement | null>;
  fields: readonly SettingField[];
  pair: ReturnType<typeof usePairForms>;
  models: ModelList | null;
  busy: boolean;
  onRun: () => void;
  onStop: () => void;
}

/** The settings of one of the two runs at a time, and a list of what differs in the second. */
export function CompareForm({ fields, pair, models, ...rest }: CompareFormProps) {
  const { forms, side, setSide, mode, setMode, wrongSide } = pair;
  const words = compareWords;
  const onRun = () => {
    const wrong = wrongSide();
    if (wrong === null) return rest.onRun();
    setSide(wrong);
    void forms[wrong].trigger();
    const field = fields.find(({ name }) => problemsOf(fields, forms[wrong].getValues())[name]);
    if (field) pair.reveal.reveal(field.name);
  };
  const form = forms[side];
  return (
    <>
      <div className="border-rule border-b px-5 pt-4 pb-3">
        <div className="flex items-center justify-between gap-3">
          <span className="font-medium text-small">{words.sideLabel}</span>
          <Segmented
            label={words.sideLabel}
            value={side}
            options={(["a", "b"] as const).map((value) => ({
              value,
              label: words.run(value),
            }))}
            onChange={setSide}
          />
        </div>
        <Differences pair={pair} />
        <div className="mt-3 flex items-center justify-between gap-3">
          <span className="font-medium text-small">{words.modeLabel}</span>
          <Segmented<Mode>
            label={words.modeLabel}
            value={mode}
            options={(["own", "forced"] as const).map((value) => ({
              value,
              label: words.modes[value].name,
            }))}
            onChange={setMode}
          />
        </div>
        <p className="mt-1 text-quiet text-xs">{words.modes[mode].detail}</p>
      </div>
      <RunForm
        key={side}
        ref={rest.ref}
        fields={fields}
        form={form}
        models={models}
        given={NOTHING}
        onLeaveOut={() => {}}
        busy={rest.busy}
        onRun={onRun}
        onStop={rest.onStop}
        onReset={() => (side === "b" ? pair.clear() : form.reset(initialValues(fields)))}
        shown={pair.reveal}
        run={comparison.sides[side]}
        promptForm={side === "b" && !pair.prompt.isOwn ? forms.a : form}
        promptNote={side === "b" && <PromptOfA prompt={pair.prompt} />}
      />
    </>
  );
}

/** Chooses whether B continues the prompt of A. */
function PromptOfA({ prompt }: { prompt: CompareFormProps["pair"]["prompt"] }) {
  return (
    <label className="mb-3 flex min-h-6 cursor-pointer items-center gap-2 text-small">
      <input
        type="checkbox"
        checked={!prompt.isOwn}
        onChange={() => prompt.setOwn(!prompt.isOwn)}
        className="size-4.5 cursor-pointer accent-[var(--ink)]"
      />
      {compareWords.samePrompt}
    </label>
  );
}

/** Lists the settings of B that differ from A, each with a button to reset it. */
function Differences({ pair }: { pair: CompareFormProps["pair"] }) {
  const { own, forms, side } = pair;
  const words = compareWords;
  const first = forms.a.watch();
  const names = Object.keys(own);
  if (names.length === 0) return <p className="mt-2 text-quiet text-xs">{words.same[side]}</p>;
  return (
    <ul aria-label={words.differences} className="mt-2 space-y-1">
      {names.map((name) => (
        <li key={name} className="flex min-w-0 items-baseline gap-1.5 text-xs">
          <span className="shrink-0 text-quiet">{settingsWords.names[name] ?? name}</span>
          <span className="figures min-w-0 truncate">{first[name] || words.none}</span>
          <ArrowRight size={11} aria-hidden className="shrink-0 self-center text-quiet" />
          <span className="figures min-w-0 truncate font-medium text-ink">
            {own[name] || words.none}
          </span>
          <button
            type="button"
            aria-label={words.undo(settingsWords.names[name] ?? name)}
            onClick={() => forms.b.setValue(name, first[name] ?? "", { shouldValidate: true })}
            className="ml-auto cursor-pointer self-center rounded p-0.5 text-quiet hover:bg-well hover:text-ink"
          >
            <X size={12} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}

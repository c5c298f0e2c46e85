"use client";

import { PanelLeftClose, PanelLeftOpen, Play, SlidersHorizontal, Square } from "lucide-react";
import { type ReactNode, type RefObject, useState } from "react";
import type { FieldErrors, UseFormReturn } from "react-hook-form";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { Disclosure } from "@/components/ui/disclosure";
import { Textarea } from "@/components/ui/input";
import { Kbd } from "@/components/ui/kbd";
import { SkipLink } from "@/components/ui/skip-link";
import { copyText } from "@/lib/browser/clipboard";
import type { ModelList } from "@/lib/contract";
import type { RunStore } from "@/lib/run/run-store";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";
import { groupFields } from "@/lib/settings/groups";
import type { Given } from "@/lib/settings/run-address";
import { words as settingsWords } from "@/lib/settings/words";
import { currentLink, flushAddress } from "@/lib/url-state/address-bar";
import { AddressNote } from "./address-note";
import { BreakpointFields } from "./breakpoint-fields";
import { ChangedCount, ChangedNote, ChangedSettings, NotRunYet } from "./changed-settings";
import { toggleFold } from "./fold";
import { GivenNote } from "./given-note";
import { ModelSelect } from "./model-select";
import { type FieldReveal, useRevealedField } from "./reveal-field";
import { SettingControl } from "./setting-control";
import { words as runFormWords } from "./words";

interface RunFormProps {
  ref: RefObject<HTMLFormElement | null>;
  fields: readonly SettingField[];
  form: UseFormReturn<FormValues>;
  models: ModelList | null;
  busy: boolean;
  onRun: (values: FormValues) => void;
  onStop: () => void;
  onReset: () => void;
  given: Given;
  onLeaveOut: () => void;
  /** The field to scroll to and focus. */
  shown: FieldReveal;
  /** The form that the prompt belongs to, if it is another one. */
  promptForm?: UseFormReturn<FormValues>;
  /** Shown below the prompt. */
  promptNote?: ReactNode;
  /** The run that is shown beside the form. */
  run: RunStore;
  /** Whether only prompt and buttons are shown. Absent if this form cannot be folded. */
  folded?: boolean;
}

export function RunForm(props: RunFormProps) {
  const { fields, form, promptForm = form } = props;
  // Used on small screens only, where the settings are collapsed to keep the run near the top.
  const [settingsShown, setSettingsShown] = useState(false);
  const folded = props.folded ?? false;
  const prompt = fields.find(({ name }) => name === "prompt");
  useRevealedField(props.shown, (name) => {
    if (name === "prompt") return;
    setSettingsShown(true);
    if (folded) toggleFold();
  });
  const wrong = fields.filter(({ name }) => form.formState.errors[name]).map(({ name }) => name);
  const onInvalid = (errors: FieldErrors<FormValues>) => {
    // In the order of the form, which differs from that of the schema.
    const shown = ["prompt", "model", ...Object.values(groupFields(fields)).flatMap(namesOf)];
    const first = shown.find((name) => errors[name]);
    if (first) props.shown.reveal(first);
  };
  return (
    <ChangedSettings fields={fields} form={form} run={props.run}>
      <form
        ref={props.ref}
        aria-label={runFormWords.label}
        noValidate
        onSubmit={form.handleSubmit(props.onRun, onInvalid)}
        className={classNames(
          "flex min-h-0 flex-1 flex-col",
          folded && "lg:flex-row lg:items-start lg:gap-3 lg:px-5 lg:py-2.5",
        )}
      >
        <div
          data-terms
          className={classNames(
            "scroll-thin relative min-h-0 flex-1 px-5 pt-5 lg:overflow-y-auto",
            folded && "lg:overflow-visible lg:p-0",
          )}
        >
          {prompt && (
            <PromptField
              key={promptForm === form ? "own" : "other"}
              field={prompt}
              form={promptForm}
              error={form.formState.errors.prompt?.message}
              folded={folded}
            />
          )}
          {props.promptNote}
          <AddressNote empty={form.watch("prompt") === ""} />
          <GivenNote given={props.given} onLeaveOut={props.onLeaveOut} />
          <Button
            variant="quiet"
            className="-mx-3 mb-1 lg:hidden"
            aria-expanded={settingsShown}
            onClick={() => setSettingsShown(!settingsShown)}
          >
            <SlidersHorizontal size={14} aria-hidden />
            {runFormWords.settings}
          </Button>
          <div className={classNames(!settingsShown && "max-lg:hidden", folded && "lg:hidden")}>
            <Settings {...props} wrong={wrong} />
          </div>
        </div>
        <FormActions {...props} wrong={form.formState.isSubmitted ? wrong : NONE} />
      </form>
    </ChangedSettings>
  );
}

/** The model and all settings, in sections. */
function Settings({ fields, form, models, wrong }: RunFormProps & { wrong: readonly string[] }) {
  const groups = groupFields(fields);
  const model = fields.find(({ name }) => name === "model");
  const measuring = [...groups.measuring, ...groups.tiles];
  const hasWrong = (group: readonly SettingField[]) => group.some((f) => wrong.includes(f.name));
  return (
    <>
      {model && <ModelSelect field={model} form={form} list={models} />}
      <Disclosure
        name="sampling"
        initially
        className="mt-3"
        label={<SectionLabel name={runFormWords.common} group={groups.common} />}
        opened={hasWrong(groups.common)}
      >
        {groups.common.map((field) => (
          <SettingControl key={field.name} field={field} form={form} />
        ))}
      </Disclosure>
      <Disclosure
        name="more"
        label={<SectionLabel name={runFormWords.more} group={groups.more} />}
        opened={hasWrong(groups.more)}
      >
        {groups.more.map((field) => (
          <SettingControl key={field.name} field={field} form={form} />
        ))}
      </Disclosure>
      <BreakpointFields fields={groups.breakpoints} form={form} />
      <Disclosure
        name="measuring"
        label={<SectionLabel name={runFormWords.measuring} group={measuring} />}
        opened={hasWrong(measuring)}
      >
        {groups.measuring.map((field) => (
          <SettingControl key={field.name} field={field} form={form} />
        ))}
        <TileSettings fields={groups.tiles} form={form} />
      </Disclosure>
    </>
  );
}

function SectionLabel({ name, group }: { name: string; group: readonly SettingField[] }) {
  return (
    <>
      {name}
      <ChangedCount group={group} />
    </>
  );
}

const NONE: readonly string[] = [];

const namesOf = (group: readonly SettingField[]): string[] => group.map(({ name }) => name);

interface TileSettingsProps {
  fields: readonly SettingField[];
  form: UseFormReturn<FormValues>;
}

function TileSettings({ fields, form }: TileSettingsProps) {
  const words = runFormWords.tiles;
  return (
    <fieldset className="mt-3 border-rule border-t pt-3">
      <legend className="sr-only">{words.title}</legend>
      <p aria-hidden className="font-medium text-quiet text-small">
        {words.title}
      </p>
      <p className="mt-0.5 text-quiet text-xs leading-snug">{words.lead}</p>
      {fields.map((field) => (
        <SettingControl key={field.name} field={field} form={form} />
      ))}
    </fieldset>
  );
}

interface PromptFieldProps {
  field: SettingField;
  form: UseFormReturn<FormValues>;
  error: string | undefined;
  folded: boolean;
}

function PromptField({ field, form, error, folded }: PromptFieldProps) {
  return (
    <div>
      <label
        htmlFor="setting-prompt"
        className={classNames("mb-1.5 block font-medium text-small", folded && "lg:sr-only")}
      >
        {settingsWords.names.prompt}
      </label>
      <Textarea
        id="setting-prompt"
        rows={3}
        placeholder={runFormWords.promptPlaceholder}
        aria-describedby="prompt-help"
        aria-invalid={error !== undefined}
        className={classNames(
          "block min-h-20 resize-y font-serif text-[1.0625rem] leading-snug",
          folded && "lg:h-10 lg:min-h-10 lg:resize-none",
        )}
        {...form.register(field.name)}
      />
      <p
        id="prompt-help"
        className={classNames(
          "mt-1 min-h-4 text-error text-xs leading-4",
          error ? "mb-4" : "mb-2",
          folded && !error && "lg:hidden",
        )}
      >
        {error ?? <NotRunYet name="prompt" />}
      </p>
    </div>
  );
}

function FormActions({
  form,
  busy,
  onStop,
  onReset,
  wrong,
  folded,
}: RunFormProps & { wrong: readonly string[] }) {
  const [answer, setAnswer] = useState<string | null>(null);
  const copyLink = async () => {
    flushAddress();
    const { href, complete } = currentLink();
    const copied = await copyText(href);
    const done = complete ? runFormWords.copied : runFormWords.copiedIncomplete;
    setAnswer(copied ? done : runFormWords.notCopied);
    setTimeout(() => setAnswer(null), complete ? 2000 : 6000);
  };
  return (
    <div
      className={classNames(
        "relative tall:sticky bottom-0 z-10 border-rule border-t bg-paper px-5 py-3",
        folded && "lg:static lg:flex lg:items-center lg:gap-3 lg:border-t-0 lg:p-0",
      )}
    >
      {wrong.length > 0 && (
        <p role="alert" className="mb-2 font-medium text-error text-xs">
          {invalidNote(wrong)}
        </p>
      )}
      <ChangedNote form={form} />
      <div className="grid grid-cols-2 gap-2">
        <Button type="submit" variant="primary" className="h-10" aria-keyshortcuts="Control+Enter">
          <Play size={14} aria-hidden fill="currentColor" />
          {runFormWords.run}
        </Button>
        <SkipLink to="run" onFollow={focusText} className="focus:right-5 focus:bottom-full">
          {runFormWords.skip}
        </SkipLink>
        <Button className="h-10" disabled={!busy} onClick={onStop} aria-keyshortcuts="Escape">
          <Square size={12} aria-hidden fill="currentColor" />
          {runFormWords.stop}
        </Button>
      </div>
      {folded && (
        <Button className="h-10 max-lg:hidden" aria-expanded={false} onClick={toggleFold}>
          <PanelLeftOpen size={15} aria-hidden />
          {runFormWords.settings}
        </Button>
      )}
      <div className={classNames("mt-2 flex items-center justify-between", folded && "lg:hidden")}>
        <span className={classNames("hidden items-center gap-1", !folded && "lg:flex")}>
          {folded !== undefined && (
            <Button
              icon
              variant="quiet"
              className="-ml-2 size-7"
              aria-label={runFormWords.fold}
              title={runFormWords.fold}
              onClick={toggleFold}
            >
              <PanelLeftClose size={15} aria-hidden />
            </Button>
          )}
          <Kbd>Ctrl</Kbd>
          <Kbd>↵</Kbd>
        </span>
        <span className="-mx-2 flex">
          <Button variant="quiet" className="h-7 px-2 text-xs" onClick={onReset}>
            {runFormWords.reset}
          </Button>
          <Button variant="quiet" className="h-7 px-2 text-xs" onClick={copyLink}>
            <span aria-live="polite">{answer ?? runFormWords.copyLink}</span>
          </Button>
        </span>
      </div>
    </div>
  );
}

/** Focuses the text of the run, or the run if it has none yet. */
function focusText(): void {
  const run = document.getElementById("run");
  (run?.querySelector<HTMLElement>("[role=listbox]") ?? run)?.focus();
}

/** Returns a message with the names of the invalid settings. */
export function invalidNote(names: readonly string[]): string {
  const breakpoints: Record<string, string> = runFormWords.breakpoints.names;
  const called = names.map((name) => settingsWords.names[name] ?? breakpoints[name] ?? name);
  return called.length === 1
    ? runFormWords.invalid.one(called.join())
    : runFormWords.invalid.more(called.join(", "));
}

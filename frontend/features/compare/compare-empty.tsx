"use client";

import { Boxes, SlidersHorizontal, TextCursorInput } from "lucide-react";
import { type ComponentType, Fragment, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import type { ModelList } from "@/lib/contract";
import { runsInBrowser } from "@/lib/contract/in-browser";
import { ComparePlaceholder } from "./compare-placeholder";
import type { usePairForms } from "./use-pair-forms";
import { words as compareWords } from "./words";

/** Starts a server with a second model that needs no download. */
const ADD_MODEL = "mav serve --model mav-tiny@int8-dynamic";

interface CompareEmptyProps {
  pair: ReturnType<typeof usePairForms>;
  models: ModelList | null;
}

/** Shown before the first comparison: suggestions, each with a button. */
export function CompareEmpty({ pair, models }: CompareEmptyProps) {
  const { forms, setSide, prompt, reveal } = pair;
  const words = compareWords.empty;
  const first = forms.a.getValues("model");
  const isGreedy = Number(forms.a.getValues("temperature")) === 0;
  const isLocal = runsInBrowser(first);
  const other = models?.models.find(
    ({ name }) => name !== first && runsInBrowser(name) === isLocal,
  )?.name;
  const alone = isLocal ? words.models.aloneInBrowser : <AddModel />;
  const edit = (name: string, value?: string) => {
    if (value === undefined) prompt.setOwn(true);
    else forms.b.setValue(name, value, { shouldValidate: true });
    // Without a prompt of A neither can run, so that comes first.
    const isPromptMissing = forms.a.getValues("prompt") === "";
    setSide(isPromptMissing ? "a" : "b");
    reveal.reveal(isPromptMissing ? "prompt" : name);
  };
  return (
    <div data-terms className="relative flex flex-1 flex-col bg-sheet px-5 py-8">
      <p className="font-serif text-[1.3125rem] text-ink leading-snug">{words.title}</p>
      <p className="mt-1 max-w-[68ch] text-quiet">{words.detail}</p>
      <ul className="mt-5 grid max-w-4xl gap-3 md:grid-cols-3">
        <Way
          Icon={Boxes}
          words={words.models}
          detail={other ? words.models.detail : alone}
          disabled={!other}
          onChoose={() => edit("model", other)}
        />
        <Way Icon={TextCursorInput} words={words.prompts} onChoose={() => edit("prompt")} />
        <Way
          Icon={SlidersHorizontal}
          words={words.settings}
          onChoose={() => edit("temperature", isGreedy ? "0.8" : "0")}
        />
      </ul>
      <ComparePlaceholder />
    </div>
  );
}

/** Shows the command that starts the server with two models. */
function AddModel() {
  const { before, after } = compareWords.empty.models.alone;
  return (
    <>
      {before}{" "}
      <code className="text-ink text-xs">
        {/* Allows line breaks between words only, not after hyphens. */}
        {ADD_MODEL.split(" ").map((word) => (
          <Fragment key={word}>
            <span className="whitespace-nowrap">{word}</span>{" "}
          </Fragment>
        ))}
      </code>
      {after}
    </>
  );
}

interface WayProps {
  Icon: ComponentType<{ size?: number; "aria-hidden"?: boolean; className?: string }>;
  words: { readonly name: string; readonly detail: string };
  detail?: ReactNode;
  disabled?: boolean;
  onChoose: () => void;
}

function Way({ Icon, words, detail = words.detail, disabled = false, onChoose }: WayProps) {
  return (
    <li className="flex flex-col items-start rounded-lg border border-rule p-4">
      <Icon size={18} aria-hidden className="text-quiet" />
      <p className="mt-2 font-medium">{words.name}</p>
      <p className="mt-0.5 mb-3 flex-1 text-quiet text-small">{detail}</p>
      <Button onClick={onChoose} disabled={disabled}>
        {compareWords.empty.choose}
      </Button>
    </li>
  );
}

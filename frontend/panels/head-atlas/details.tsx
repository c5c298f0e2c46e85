"use client";

import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { CloseButton } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { rampGradient } from "@/lib/colour/ramp";
import { formatNats } from "@/lib/i18n/numbers";
import { contextLength, promptLength, type RunRecord } from "@/lib/run/run-record";
import { useShownTheme } from "@/lib/theme/use-theme";
import { chooseNoHead } from "@/panels/attention-shared/choice";
import { ScaleLegend } from "@/panels/attention-shared/scale-legend";
import { words as attentionWords } from "@/panels/attention-shared/words";
import { useMeasure } from "@/panels/measure-context";
import { BADGES, type BadgeSums, badgesOf } from "./badges";
import { type EntropySums, meanEntropy } from "./entropy";
import { words } from "./labels/words";
import { definitionOf, isAbsent, meanText } from "./names";
import type { Maps } from "./paint-maps";
import type { Head } from "./selection";
import type { Summary } from "./summary";

interface DetailsProps {
  run: RunRecord;
  summary: Summary;
  entropies: EntropySums | null;
  pointed: Head | null;
  chosen: Head | null;
  maps: Maps;
}

/** The figures of a head, and what the maps and the figures are measured from. */
export function Details({ run, summary, entropies, pointed, chosen, maps }: DetailsProps) {
  const theme = useShownTheme();
  const head = pointed ?? chosen;
  return (
    <div className="pt-2 text-micro text-quiet">
      <div className="flex h-14 items-start gap-2 overflow-hidden">
        {head ? (
          <Figures badges={summary.badges} entropies={entropies} head={head}>
            {chosen && !pointed && (
              <CloseButton label={words.clear} onClick={chooseNoHead} className="-my-1 size-6" />
            )}
          </Figures>
        ) : (
          <p data-export="skip">{words.point}</p>
        )}
      </div>
      <div className="flex flex-wrap items-end justify-between gap-x-4">
        <p className="min-h-8 min-w-0 flex-1 basis-52 max-sm:pb-3">
          {coverage(run, summary, maps).join(" · ")}
          <MeasurePrompt run={run} summary={summary} />
        </p>
        <ScaleLegend gradient={rampGradient("attention", theme)} />
      </div>
    </div>
  );
}

interface FiguresProps {
  badges: BadgeSums;
  entropies: EntropySums | null;
  head: Head;
  children: ReactNode;
}

function Figures({ badges, entropies, head, children }: FiguresProps) {
  const own = badgesOf(badges, head.layer, head.head);
  const entropy = meanEntropy(entropies, head.layer, head.head);
  return (
    <p className="figures flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
      <span className="flex items-center font-sans font-medium text-ink">
        {words.name(head.layer, head.head)}
        {children}
      </span>
      {isAbsent(badges, head) ? (
        <span>{words.absent}</span>
      ) : (
        BADGES.filter((badge) => badges.queries[badge] > 0).map((badge) => (
          <span
            key={badge}
            title={definitionOf(badge)}
            className={classNames(own.includes(badge) && "font-medium text-ink")}
          >
            {words.mean(words.badges[badge], meanText(badges, badge, head))}
            <span className="look:hidden max-sm:hidden">
              {" "}
              ({words.queries(badges.queries[badge])})
            </span>
          </span>
        ))
      )}
      {Number.isFinite(entropy) && <span>{words.entropy(formatNats(entropy))}</span>}
    </p>
  );
}

/** Says which queries the maps show and the figures are means of, and what is left out. */
function coverage(run: RunRecord, { whole, strongest }: Summary, maps: Maps): string[] {
  const { first, count } = maps.window;
  const newest = contextLength(run) - 2;
  const last = Math.min(first + count - 1, newest);
  const isCut = first > 0 || last < newest;
  return [
    words.window(first, last) + (isCut ? ` ${words.cut(newest)}` : ""),
    words.measured(whole + strongest, newest + 1),
    ...(strongest > 0 ? [words.strongest(strongest)] : []),
    words.shown,
    ...(maps.look.leaveOutFirst ? [attentionWords.leftOutNotes.always] : []),
  ];
}

/** Offers the prompt's own queries, where only those of generated tokens were measured. */
function MeasurePrompt({ run, summary }: { run: RunRecord; summary: Summary }) {
  const measure = useMeasure();
  const { start, prompt } = run;
  const isKnown = prompt?.attentionMap || promptLength(run) < 2;
  if (isKnown || summary.whole === 0) return null;
  const offers = measure && start?.model.capabilities.includes("attention_map");
  return (
    <>
      {` · ${words.prompt} `}
      {offers && (
        <button
          type="button"
          data-export="skip"
          className="inline-flex cursor-pointer items-center gap-1 rounded-sm text-ink underline underline-offset-2"
          onClick={() => measure(["attention_map"])}
        >
          <RotateCw size={11} aria-hidden />
          {words.measurePrompt}
        </button>
      )}
    </>
  );
}

"use client";

import dynamic from "next/dynamic";
import { useStore } from "zustand";
import { classNames } from "@/components/ui/class-names";
import { orNothing } from "@/components/ui/or-nothing";
import { words as timelineWords } from "@/features/timeline/words";
import type { ModelInfo } from "@/lib/contract";
import type { DoneFrame } from "@/lib/contract/frames";
import { formatDuration, formatNats, formatParameters, formatPercent } from "@/lib/i18n/numbers";
import { pace } from "@/lib/pace/pace";
import { endingOf } from "@/lib/run/end-reason";
import { useRunState } from "@/lib/run/run-context";
import { isBusy, type Phase, type RunRecord } from "@/lib/run/run-record";
import { words as statusWords } from "@/lib/run/words";
import { legible } from "@/lib/text/characters";
import { useArrivalRate } from "./use-arrival-rate";

const Download = dynamic(() => orNothing(import("./download")));

const DOTS: Partial<Record<Phase, string>> = {
  idle: "bg-edge",
  done: "bg-ink",
  stopped: "bg-edge",
  paused: "border-2 border-ink",
  failed: "bg-error",
};

interface StatusStripProps {
  model: ModelInfo | undefined;
  /** Whether a recording is being loaded, for which a phone's page has room from the start. */
  expected?: boolean;
}

/** Shows the state and speed of the run. */
export function StatusStrip({ model, expected = false }: StatusStripProps) {
  const run = useRunState((state) => state.run);
  return (
    <section
      aria-label={statusWords.label}
      data-terms
      className="relative flex min-w-0 present:hidden flex-col gap-x-5 gap-y-0.5 bg-sheet px-5 py-2 sm:min-h-10 short:min-h-8! short:py-1 sm:flex-row sm:items-center"
    >
      <PhaseLine run={run} expected={expected} />
      {expected && <div aria-hidden className="hidden min-h-4 recorded:max-sm:block" />}
      {run.phase !== "idle" && <RunFigures run={run} />}
      <ModelFacts model={run.start?.model ?? model} />
      <Announcement run={run} />
    </section>
  );
}

/** Its height does not depend on the text (one line, two on a phone), so nothing below it moves. */
function PhaseLine({ run, expected }: { run: RunRecord; expected: boolean }) {
  const detail = phaseDetail(run);
  const hit = run.phase === "done" && run.done?.reason === "breakpoint";
  return (
    <p
      className={classNames(
        "min-w-0 text-small lg:truncate",
        run.phase !== "idle" && "max-sm:min-h-[2.4rem]",
        expected && "recorded:max-sm:min-h-[2.4rem]",
      )}
      title={detail}
    >
      <span
        aria-hidden
        className={classNames(
          "mr-2 inline-block size-2 rounded-full",
          hit ? "border-2 border-ink" : (DOTS[run.phase] ?? "breathing bg-ink"),
        )}
      />
      <span className={"font-medium"}>{phaseName(run)}</span>{" "}
      <span className="ml-1 text-quiet">{detail}</span>
      {run.phase === "loading" && <Download />}
      {run.source && (
        <span className="ml-1 text-quiet" title={legible(run.source)}>
          {detail && <span aria-hidden>· </span>}
          {statusWords.recording} {legible(run.source)}
        </span>
      )}
    </p>
  );
}

function phaseName({ phase, start, done }: RunRecord): string {
  if (phase === "done" && done?.reason === "breakpoint") return timelineWords.breakpoint;
  return phase === "failed" && !start ? statusWords.refused : statusWords.phases[phase];
}

function phaseDetail(run: RunRecord): string {
  const { phase, done, queuePosition, frames } = run;
  if (phase === "done" && done?.reason === "breakpoint") return hitsOf(done, frames.length - 1);
  if (phase === "done" && done) return endingOf(run, done);
  return phase === "queued" && queuePosition ? statusWords.ahead(queuePosition) : "";
}

/** Describes which breakpoints were hit, and at which step. */
function hitsOf({ hits }: DoneFrame, step: number): string {
  const words = timelineWords;
  const descriptions = hits.map(({ condition, value, found }) => {
    if (condition === "probability_below") return words.hits[condition](formatPercent(value ?? 0));
    return words.hits[condition](
      found ? legible(found) : condition === "loop" ? `${value}` : formatNats(value ?? 0),
    );
  });
  return `${words.at(step)} ${descriptions.join(", ")}`;
}

function RunFigures({ run }: { run: RunRecord }) {
  const rate = useArrivalRate(run);
  const full = useStore(pace, (state) => state.full);
  // On a phone they have a line of their own.
  if (!run.start) return <div aria-hidden className="min-h-4 sm:hidden" />;
  const { settings } = run.start;
  const isPaced = rate !== null && !run.done && !full;
  return (
    <dl className="flex min-h-4 shrink-0 flex-wrap items-baseline gap-x-4 text-xs max-sm:shrink">
      <Figure value={`${run.frames.length}/${settings.max_new_tokens}`} name={statusWords.tokens} />
      {rate !== null && (
        <Figure
          value={rate.toFixed(rate < 10 ? 1 : 0)}
          name={isPaced ? statusWords.shownPerSecond : statusWords.tokensPerSecond}
        />
      )}
      {run.prompt && (
        <Figure
          before
          name={statusWords.prefill}
          value={formatDuration(run.prompt.prefillMs)}
          // With the pace it does not fit into the line of a phone.
          className={isPaced ? "hidden min-[88rem]:flex" : "sm:hidden min-[88rem]:flex"}
        />
      )}
      <Figure
        before
        name={statusWords.seed}
        value={String(settings.seed)}
        className="hidden min-[106rem]:flex"
      />
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: string;
  /** Shows the name before the value instead of after it. */
  before?: boolean;
  className?: string;
}

function Figure({ name, value, before, className }: FigureProps) {
  return (
    <div
      className={classNames(
        "flex items-baseline gap-1 whitespace-nowrap",
        !before && "flex-row-reverse",
        className,
      )}
    >
      <dt className="text-quiet">{name}</dt>
      <dd className="figures text-ink">{value}</dd>
    </div>
  );
}

function ModelFacts({ model }: { model: ModelInfo | undefined }) {
  if (!model) return null;
  const facts = [
    model.title || model.name,
    model.parameters && statusWords.parameters(formatParameters(model.parameters)),
    model.layers && statusWords.layers(model.layers),
    model.heads && statusWords.heads(model.heads),
    model.dtype && model.device && statusWords.on(model.dtype, model.device),
  ];
  return (
    <p className="hidden min-w-0 truncate text-quiet text-xs min-[106rem]:block">
      {facts.filter(Boolean).join(" · ")}
    </p>
  );
}

/** Announces to screen readers when a run waits, ends or fails, but not each token. */
function Announcement({ run }: { run: RunRecord }) {
  const text =
    run.phase === "done" && run.done
      ? statusWords.announceDone(run.frames.length, phaseDetail(run))
      : isBusy(run) || run.phase === "stopped" || run.phase === "paused"
        ? statusWords.phases[run.phase]
        : "";
  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  );
}

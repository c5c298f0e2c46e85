"use client";

import { classNames } from "@/components/ui/class-names";
import type { ModelInfo } from "@/lib/contract";
import { isBusy, type Phase, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text/en";
import { formatDuration, formatParameters } from "@/lib/text/numbers";
import { useRunState } from "./run-context";
import { StepNavigator } from "./step-navigator";
import { useArrivalRate } from "./use-arrival-rate";

const DOTS: Partial<Record<Phase, string>> = {
  idle: "bg-edge",
  done: "bg-data",
  stopped: "bg-edge",
  failed: "bg-accent",
};

/** Where the run stands, how fast it goes, and which token is shown. */
export function StatusStrip({ model }: { model: ModelInfo | undefined }) {
  const run = useRunState((state) => state.run);
  return (
    <section
      aria-label={text.status.label}
      className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 bg-sheet px-5 py-2"
    >
      <div className="flex min-h-8 min-w-0 flex-wrap items-center gap-x-5 gap-y-0.5">
        <p className="flex items-center gap-2 whitespace-nowrap font-medium text-small">
          <span
            aria-hidden
            className={classNames("size-2 rounded-full", DOTS[run.phase] ?? "breathing bg-accent")}
          />
          <span>{phaseName(run)}</span>
          <span className="font-normal text-quiet">{phaseDetail(run)}</span>
          {run.source && (
            <span className="max-w-60 truncate font-normal text-quiet" title={run.source}>
              {text.recording.source} {run.source}
            </span>
          )}
        </p>
        <RunFigures run={run} />
        <ModelFacts model={run.start?.model ?? model} />
      </div>
      <StepNavigator />
      <Announcement run={run} />
    </section>
  );
}

function phaseName({ phase, start }: RunRecord): string {
  return phase === "failed" && !start ? text.status.refused : text.status.phases[phase];
}

function phaseDetail({ phase, done, queuePosition }: RunRecord): string {
  if (phase === "done" && done) return text.status.reasons[done.reason];
  return phase === "queued" && queuePosition ? text.status.ahead(queuePosition) : "";
}

function RunFigures({ run }: { run: RunRecord }) {
  const rate = useArrivalRate(run);
  if (!run.start) return null;
  const { settings } = run.start;
  return (
    <dl className="flex flex-wrap items-baseline gap-x-4 text-xs">
      <Figure value={`${run.frames.length}/${settings.max_new_tokens}`} name={text.status.tokens} />
      {rate !== null && (
        <Figure value={rate.toFixed(rate < 10 ? 1 : 0)} name={text.status.tokensPerSecond} />
      )}
      {run.prompt && (
        <Figure before name={text.status.prefill} value={formatDuration(run.prompt.prefillMs)} />
      )}
      <Figure
        before
        name={text.status.seed}
        value={String(settings.seed)}
        className="hidden min-[106rem]:flex"
      />
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: string;
  /** The name stands before the value. */
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
    model.parameters && text.status.parameters(formatParameters(model.parameters)),
    model.layers && text.status.layers(model.layers),
    model.heads && text.status.heads(model.heads),
    model.dtype && model.device && text.status.on(model.dtype, model.device),
  ];
  return (
    <p className="hidden min-w-0 truncate text-quiet text-xs min-[106rem]:block">
      {facts.filter(Boolean).join(" · ")}
    </p>
  );
}

/** Said once by screen readers when a run begins to wait, ends or breaks; never a token at a time. */
function Announcement({ run }: { run: RunRecord }) {
  const said =
    run.phase === "done" && run.done
      ? text.status.announceDone(run.done.tokens, text.status.reasons[run.done.reason])
      : isBusy(run) || run.phase === "stopped"
        ? text.status.phases[run.phase]
        : "";
  return (
    <p role="status" className="sr-only">
      {said}
    </p>
  );
}

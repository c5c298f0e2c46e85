"use client";

import { CloseButton } from "@/components/ui/button";
import { formatShare } from "@/lib/i18n/numbers";
import { promptLength, type RunRecord } from "@/lib/run/run-record";
import { shortLabel } from "@/lib/text/characters";
import type { ChosenHead } from "@/panels/attention-shared/chosen-head";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { LEAST_SHARE, type Sources, sourcesOfHead } from "@/panels/attention-shared/sources";
import { words } from "./words";

interface HeadCaptionProps {
  run: RunRecord;
  step: number;
  chosen: ChosenHead;
}

/** Names the chosen head and what it reads, with a button that clears it. */
export default function HeadCaption({ run, step, chosen }: HeadCaptionProps) {
  return (
    <p className="flex min-h-6 items-start gap-1 pt-1 text-quiet text-xs leading-4">
      <svg aria-hidden="true" width="18" height="16" className="shrink-0">
        <path d="M1 12Q9 0 17 12" fill="none" strokeWidth={3} className="stroke-attention" />
      </svg>
      <span className="min-w-0 flex-1">{sentence(run, step, chosen)}</span>
      <CloseButton label={words.clear} onClick={chosen.clear} className="-my-1 size-6" />
    </p>
  );
}

function sentence(run: RunRecord, step: number, { layer, head }: ChosenHead): string {
  const frame = run.frames[step];
  const sources = frame && sourcesOfHead(frame, layer, head);
  if (!sources) return words.absent(layer, head);
  const query = promptLength(run) + step - 1;
  const reads = words.reads(layer, head, labelAt(run, query), listOf(run, sources));
  return frame.attentionRows ? reads : `${reads} ${words.strongest}`;
}

const labelAt = (run: RunRecord, place: number): string =>
  shortLabel(tokenAt(run, place)?.label ?? "");

function listOf(run: RunRecord, { first, others }: Sources): string {
  const named = others.map(({ position, share }) =>
    words.source(labelAt(run, position), formatShare(share)),
  );
  const all = first >= LEAST_SHARE ? [...named, words.firstToken(formatShare(first))] : named;
  return all.length > 0 ? all.join(", ") : words.nothing;
}

"use client";

import { Lightbulb } from "lucide-react";
import { type ReactNode, useEffect, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import type { RunRecord } from "@/lib/run/run-record";
import { shortLabel } from "@/lib/text/characters";
import { words } from "./words";

export interface TaskProps {
  readonly run: RunRecord;
  /** The token that the page shows. */
  readonly step: number;
  readonly select: (step: number | null) => void;
  readonly onSolved: () => void;
}

export interface Answer {
  readonly solved: boolean;
  /** What was measured. */
  readonly text: string;
}

interface TaskLayoutProps {
  picture: ReactNode;
  task: string;
  /** Where the answer is given. */
  children: ReactNode;
  answer: Answer | null;
  /** From a nudge to the answer itself. */
  hints: readonly string[];
  onSolved: () => void;
}

/** A picture, a task, the place for the answer, what was measured of it, and hints. */
export function TaskLayout(props: TaskLayoutProps) {
  const { picture, task, children, answer, hints, onSolved } = props;
  const solved = answer?.solved ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it becomes solved
  useEffect(() => {
    if (solved) onSolved();
  }, [solved]);
  return (
    <>
      <div className="mt-3 rounded-lg border border-rule bg-paper px-3 py-2.5">{picture}</div>
      <h3 className="mt-3 font-semibold text-quiet text-xs">{words.task}</h3>
      <p className="mt-0.5 font-medium text-small leading-snug">{task}</p>
      <div className="mt-2">{children}</div>
      <div role="status" className="mt-2 min-h-10 text-small leading-snug">
        {answer && (
          <p
            data-solved={answer.solved}
            className={classNames(
              "rounded-md px-2.5 py-1.5",
              answer.solved ? "border border-ink" : "bg-well",
            )}
          >
            <strong className="font-semibold">{answer.solved ? words.right : words.wrong}</strong>{" "}
            {answer.text}
          </p>
        )}
      </div>
      <Hints hints={hints} />
    </>
  );
}

function Hints({ hints }: { hints: readonly string[] }) {
  const [count, setCount] = useState(0);
  const list = useId();
  const isLast = count === hints.length - 1;
  return (
    <div className="mt-1">
      <ol id={list} aria-label={words.hints} aria-live="polite" className="space-y-1 text-small">
        {hints.slice(0, count).map((hint) => (
          <li key={hint} className="border-edge border-l-2 pl-2.5 leading-snug">
            {hint}
          </li>
        ))}
      </ol>
      {count < hints.length && (
        <Button
          variant="quiet"
          className="mt-1 -ml-2 h-8 gap-1.5 px-2 text-xs"
          aria-controls={list}
          onClick={() => setCount(count + 1)}
        >
          <Lightbulb size={14} aria-hidden />
          {isLast ? words.answer : words.hint(count + 1, hints.length)}
        </Button>
      )}
    </div>
  );
}

/** The label of a token in a sentence. */
export function quoted(label: string | undefined): string {
  const text = shortLabel(label ?? "");
  return text === "" ? words.unnamed : words.quoted(text);
}

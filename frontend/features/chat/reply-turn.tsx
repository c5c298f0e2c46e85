"use client";

import { Activity, Pencil, RotateCcw, Square, StepForward } from "lucide-react";
import { type CSSProperties, type ReactNode, useEffect, useState } from "react";
import { useStore } from "zustand";
import { LegibleText } from "@/components/tokens/legible-text";
import { Button } from "@/components/ui/button";
import { ErrorCard } from "@/components/ui/error-card";
import { words as runFormWords } from "@/features/run-form/words";
import { words as failuresWords } from "@/lib/client/words";
import type { Failure } from "@/lib/contract/frames";
import { formatPercent } from "@/lib/i18n/numbers";
import { endingOf } from "@/lib/run/end-reason";
import { useSession } from "@/lib/run/run-context";
import { canContinue, isBusy, type RunRecord } from "@/lib/run/run-record";
import { words as statusWords } from "@/lib/run/words";
import { visible } from "@/lib/text/characters";
import { openView } from "@/lib/views/view";
import { replyText, type Turn } from "./conversation";
import { TurnEditor } from "./turn-editor";
import { words as chatWords } from "./words";

interface ReplyTurnProps {
  turn: Turn & { role: "assistant" };
  last: boolean;
  /** Whether there is an older question that can be removed. */
  canShorten: boolean;
  onRegenerate: () => void;
  onEdit: (content: string) => boolean;
  onShorten: () => void;
  /** Called when the server rejected a setting of the last reply. */
  onRefused: (failure: Failure) => void;
  /** Moves the question back into the composer. */
  onTakeBack: () => void;
}

/** A reply. Its run can be opened in the instrument. */
export function ReplyTurn(props: ReplyTurnProps) {
  const { turn, last, onEdit, onRefused } = props;
  const [editing, setEditing] = useState(false);
  const run = useStore(turn.run.store, (state) => state.run);
  const failure = last ? run.failure : null;
  useEffect(() => {
    if (failure) onRefused(failure);
  }, [failure, onRefused]);
  return (
    <li aria-busy={isBusy(run)}>
      <p className="flex items-center gap-2 font-medium text-quiet text-xs">
        {run.start?.model.title || run.start?.model.name || chatWords.model}
        {turn.edited !== null && <span className="font-normal">{chatWords.edited}</span>}
        {isBusy(run) && (
          <span className="flex items-center gap-1.5 font-normal">
            <span aria-hidden className="breathing size-1.5 rounded-full bg-ink" />
            {statusWords.phases[run.phase]}
          </span>
        )}
      </p>
      {editing ? (
        <TurnEditor
          content={replyText(turn)}
          label={chatWords.editReply}
          onCancel={() => setEditing(false)}
          onSave={(content) => {
            if (onEdit(content)) setEditing(false);
          }}
        />
      ) : (
        <ReplyWords run={run} edited={turn.edited} />
      )}
      {run.failure && <Failed run={run} {...props} />}
      {!editing && <Actions run={run} onStartEdit={() => setEditing(true)} {...props} />}
    </li>
  );
}

/** The generated text. The background of each token shows its probability. */
function ReplyWords({ run, edited }: { run: RunRecord; edited: string | null }) {
  const words = "mt-0.5 whitespace-pre-wrap break-words font-serif text-[1.125rem] leading-relaxed";
  if (edited !== null) {
    return (
      <p dir="auto" className={words}>
        <LegibleText text={edited} />
      </p>
    );
  }
  if (run.frames.length === 0) return null;
  // White space before the first word comes from the chat template.
  const begin = run.frames.findIndex(({ text: written }) => written.trim() !== "");
  return (
    <p dir="auto" className={words}>
      {run.frames.slice(Math.max(0, begin)).map((frame) => (
        <span
          key={frame.index}
          className="token-shade rounded-[3px] py-[0.08em]"
          style={{ "--prob": frame.prob } as CSSProperties}
          title={`${visible(frame.label)} · ${formatPercent(frame.prob)} %`}
        >
          <LegibleText
            text={frame.index === begin ? frame.text.trimStart() : frame.text}
            before={run.frames[frame.index - 1]?.text}
            after={run.frames[frame.index + 1]?.text}
          />
        </span>
      ))}
    </p>
  );
}

function Failed(props: ReplyTurnProps & { run: RunRecord }) {
  const { run, turn, last, canShorten, onShorten, onTakeBack } = props;
  if (!run.failure) return null;
  const full = run.failure.code === "prompt_too_long";
  const words = chatWords;
  const shorten = canShorten
    ? { label: words.shorten, act: onShorten }
    : { label: words.shortenMessage, act: onTakeBack };
  return (
    <div className="mt-2 overflow-hidden rounded-lg">
      <ErrorCard
        failure={full ? { ...run.failure, title: words.full } : run.failure}
        received={run.frames.length}
        onRetry={() => void turn.run.controller.retry()}
        fix={full && last ? shorten : undefined}
        onResume={canContinue(run) ? () => void turn.run.controller.resume() : undefined}
      />
    </div>
  );
}

interface ActionsProps extends ReplyTurnProps {
  run: RunRecord;
  onStartEdit: () => void;
}

function Actions({ run, turn, last, onRegenerate, onStartEdit }: ActionsProps) {
  const session = useSession();
  const words = chatWords;
  const look = () => {
    session.adopt(turn.run, words.replyName(replyText(turn)));
    openView("instrument");
  };
  if (isBusy(run)) {
    return (
      <Row>
        <Act label={runFormWords.stop} onClick={turn.run.controller.stop}>
          <Square size={11} aria-hidden fill="currentColor" />
        </Act>
        {run.frames.length > 0 && <Look onClick={look} />}
      </Row>
    );
  }
  return (
    <Row>
      {last && turn.edited === null && !run.failure && canContinue(run) && (
        <Act label={failuresWords.resume} onClick={() => void turn.run.controller.resume()}>
          <StepForward size={13} aria-hidden />
        </Act>
      )}
      {run.frames.length > 0 && <Look onClick={look} />}
      {last && (
        <Act label={words.regenerate} onClick={onRegenerate}>
          <RotateCcw size={13} aria-hidden />
        </Act>
      )}
      {run.frames.length > 0 && (
        <Act label={words.editReply} onClick={onStartEdit}>
          <Pencil size={12} aria-hidden />
        </Act>
      )}
      {run.frames.length > 0 && (
        <span className="px-2 text-quiet text-xs">
          <span className="figures">{run.frames.length}</span> {statusWords.tokens}
          {run.phase === "done" && run.done && ` · ${endingOf(run, run.done)}`}
          {run.phase === "stopped" && ` · ${statusWords.phases.stopped}`}
        </span>
      )}
    </Row>
  );
}

const Look = ({ onClick }: { onClick: () => void }) => (
  <Act label={chatWords.look} onClick={onClick}>
    <Activity size={13} aria-hidden />
  </Act>
);

const Row = ({ children }: { children: ReactNode }) => (
  <div className="-ml-2 mt-1.5 flex print:hidden min-h-7 flex-wrap items-center">{children}</div>
);

interface ActProps {
  label: string;
  onClick: () => void;
  children: ReactNode;
}

const Act = ({ label, onClick, children }: ActProps) => (
  <Button variant="quiet" className="h-7 gap-1.5 px-2 text-xs" onClick={onClick}>
    {children}
    {label}
  </Button>
);

"use client";

import { FolderOpen, PencilLine, RotateCcw, StepForward, TriangleAlert } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { Failure } from "@/lib/run/frames";
import { text } from "@/lib/text";
import { isWorthRetrying } from "@/lib/transport/failure";

interface ErrorCardProps {
  failure: Failure;
  /** Tokens that were received before it broke. */
  received: number;
  onRetry: () => void;
  /** To where that can be changed which is refused as it is; offered where trying again is not. */
  fix?: { readonly label: string; readonly act: () => void } | undefined;
  /** What the way on is called, where it is not trying again. */
  retryLabel?: string | undefined;
  /** Absent where there is nothing to go on from. */
  onResume?: (() => void) | undefined;
}

/** What happened, what to do, and the way on. */
export function ErrorCard(props: ErrorCardProps) {
  const { failure, received, onRetry, retryLabel, onResume, fix } = props;
  const words = text.failures;
  const again = retryLabel !== undefined || isWorthRetrying(failure);
  const own = words.own[failure.code];
  const byServer = failure.byServer && !own;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-x-4 gap-y-3 bg-accent-wash px-5 py-4"
    >
      <TriangleAlert size={18} aria-hidden className="mt-0.5 shrink-0 text-accent-strong" />
      <div className="min-w-60 flex-1">
        <div lang={byServer ? "en" : undefined}>
          <p className="font-semibold text-ink">{own?.title ?? failure.title}</p>
          <p className="mt-0.5 max-w-[72ch] break-words text-ink text-small">
            {own?.detail ?? failure.detail}
          </p>
        </div>
        <p className="mt-1 text-small text-ink">
          {byServer && words.serverLanguage && <>{words.serverLanguage} </>}
          {received > 0 && <>{words.kept(received)} </>}
          {failure.retryAfterS !== undefined && <>{words.wait(failure.retryAfterS)} </>}
          {failure.field && (
            <>
              {words.field}{" "}
              <span className="font-medium">
                {text.form.settings[failure.field.replace(".", "_")] ?? failure.field}
              </span>
            </>
          )}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {onResume && (
          <Button variant="primary" onClick={onResume}>
            <StepForward size={14} aria-hidden />
            {words.resume}
          </Button>
        )}
        {again && (
          <Button onClick={onRetry} variant={onResume ? "outline" : "primary"}>
            {retryLabel ? (
              <FolderOpen size={14} aria-hidden />
            ) : (
              <RotateCcw size={14} aria-hidden />
            )}
            {retryLabel ?? words.retry}
          </Button>
        )}
        {!again && fix && (
          <Button onClick={fix.act} variant={onResume ? "outline" : "primary"}>
            <PencilLine size={14} aria-hidden />
            {fix.label}
          </Button>
        )}
      </div>
    </div>
  );
}

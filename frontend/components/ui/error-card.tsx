"use client";

import { FolderOpen, PencilLine, RotateCcw, StepForward, TriangleAlert } from "lucide-react";
import dynamic from "next/dynamic";
import { isWorthRetrying } from "@/lib/client/failure";
import { isAboutKey } from "@/lib/client/server-key";
import { words as failuresWords } from "@/lib/client/words";
import type { Failure } from "@/lib/contract/frames";
import { words as settingsWords } from "@/lib/settings/words";
import { Button } from "./button";
import { orNothing } from "./or-nothing";

/** Loaded when a server asks for a key. */
const KeyProblem = dynamic(() => orNothing(import("./key-problem/key-problem")));

interface ErrorCardProps {
  failure: Failure;
  /** Number of tokens received before the failure. */
  received: number;
  onRetry: () => void;
  /** A button that leads to the setting to change, for errors that a retry cannot resolve. */
  fix?: { readonly label: string; readonly act: () => void } | undefined;
  /** A button for another way to the same result. */
  instead?: { readonly label: string; readonly act: () => void } | undefined;
  /** Label of the button that calls onRetry. Defaults to "Try again". */
  retryLabel?: string | undefined;
  /** Absent if the run cannot be continued. */
  onResume?: (() => void) | undefined;
}

/** Shows an error, how to resolve it, and buttons to retry or continue. */
export function ErrorCard(props: ErrorCardProps) {
  const { failure, received, onRetry, retryLabel, onResume, fix, instead } = props;
  if (isAboutKey(failure.code)) return <KeyProblem code={failure.code} onKey={onRetry} />;
  const words = failuresWords;
  const again = retryLabel !== undefined || isWorthRetrying(failure);
  const own = words.own[failure.code];
  const byServer = failure.byServer && !own;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-x-4 gap-y-3 bg-error-wash px-5 py-4"
    >
      <TriangleAlert size={18} aria-hidden className="mt-0.5 shrink-0 text-error" />
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
                {settingsWords.names[failure.field.replace(".", "_")] ?? failure.field}
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
        {instead && <Button onClick={instead.act}>{instead.label}</Button>}
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

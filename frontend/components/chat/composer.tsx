"use client";

import { ArrowUp } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { text } from "@/lib/text";
import { Button } from "../ui/button";
import { Textarea } from "../ui/input";

interface ComposerProps {
  draft: string;
  onDraft: (draft: string) => void;
  /** Whether it was said; otherwise it stays in the field. */
  onSay: (content: string) => boolean;
}

/** Where the next message is written. Enter sends it, with Shift it breaks the line. */
export function Composer({ draft, onDraft, onSay }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const words = text.chat;
  const empty = draft.trim() === "";
  const send = () => {
    if (empty) return;
    if (onSay(draft.trim())) onDraft("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  };
  // A beginning that was chosen is there to be gone on with.
  useEffect(() => {
    if (draft !== "" && document.activeElement !== field.current) field.current?.focus();
  }, [draft]);
  return (
    <form
      aria-label={words.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      className="tall:sticky bottom-0 print:hidden border-rule border-t bg-paper px-5 py-3"
    >
      <div className="mx-auto flex max-w-3xl items-end gap-2">
        <Textarea
          ref={field}
          rows={2}
          value={draft}
          aria-label={words.message}
          placeholder={words.placeholder}
          onChange={(event) => onDraft(event.target.value)}
          onKeyDown={onKeyDown}
          className="block flex-1 resize-none"
        />
        <Button type="submit" variant="primary" disabled={empty} className="h-10">
          <ArrowUp size={15} aria-hidden />
          {words.send}
        </Button>
      </div>
    </form>
  );
}

"use client";

import { ArrowUp } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { Textarea } from "@/components/ui/input";
import { words } from "./words";

interface ComposerProps {
  draft: string;
  onDraft: (draft: string) => void;
  onSend: () => void;
}

/** The field for the next message. Enter sends it, Shift+Enter starts a new line. */
export function Composer({ draft, onDraft, onSend }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    onSend();
  };
  // Focuses the field after a click on a suggested beginning.
  useEffect(() => {
    if (draft !== "" && document.activeElement !== field.current) field.current?.focus();
  }, [draft]);
  return (
    <form
      aria-label={words.composer}
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
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
        <Button type="submit" variant="primary" disabled={draft.trim() === ""} className="h-10">
          <ArrowUp size={15} aria-hidden />
          {words.send}
        </Button>
      </div>
    </form>
  );
}

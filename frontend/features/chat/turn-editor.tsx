"use client";

import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { Textarea } from "@/components/ui/input";
import { words } from "./words";

interface TurnEditorProps {
  content: string;
  label: string;
  onSave: (content: string) => void;
  onCancel: () => void;
}

/** A field that edits the text of a turn. Saving it removes the turns after it. */
export function TurnEditor({ content, label, onSave, onCancel }: TurnEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const save = () => {
    const changed = field.current?.value.trim();
    if (changed) onSave(changed);
  };
  return (
    <div>
      <Textarea
        ref={field}
        rows={3}
        defaultValue={content}
        aria-label={label}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
          else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
        }}
      />
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Button variant="primary" onClick={save}>
          {words.save}
        </Button>
        <Button onClick={onCancel}>{words.cancel}</Button>
        <span className="text-quiet text-xs">{words.editHint}</span>
      </div>
    </div>
  );
}

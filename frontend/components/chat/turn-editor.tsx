"use client";

import { useEffect, useRef } from "react";
import { text } from "@/lib/text";
import { Button } from "../ui/button";
import { Textarea } from "../ui/input";

interface TurnEditorProps {
  content: string;
  label: string;
  onSave: (content: string) => void;
  onCancel: () => void;
}

/** Changes what was said; what came after it goes. */
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
          {text.chat.save}
        </Button>
        <Button onClick={onCancel}>{text.chat.cancel}</Button>
        <span className="text-quiet text-xs">{text.chat.editHint}</span>
      </div>
    </div>
  );
}

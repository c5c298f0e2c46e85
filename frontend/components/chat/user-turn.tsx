"use client";

import { Pencil } from "lucide-react";
import { useState } from "react";
import type { Turn } from "@/lib/chat/conversation";
import { text } from "@/lib/text";
import { LegibleText } from "../legible-text";
import { Button } from "../ui/button";
import { TurnEditor } from "./turn-editor";

interface UserTurnProps {
  turn: Turn & { role: "user" };
  /** Whether the change was made. */
  onEdit: (content: string) => boolean;
}

export function UserTurn({ turn, onEdit }: UserTurnProps) {
  const [editing, setEditing] = useState(false);
  return (
    <li>
      <div className="flex items-center gap-2">
        <p className="font-medium text-quiet text-xs">{text.chat.you}</p>
        {!editing && (
          <Button
            variant="quiet"
            className="size-6 p-0"
            aria-label={text.chat.editMessage}
            title={text.chat.editMessage}
            onClick={() => setEditing(true)}
          >
            <Pencil size={12} aria-hidden />
          </Button>
        )}
      </div>
      {editing ? (
        <TurnEditor
          content={turn.content}
          label={text.chat.editMessage}
          onCancel={() => setEditing(false)}
          onSave={(content) => {
            if (onEdit(content)) setEditing(false);
          }}
        />
      ) : (
        <p dir="auto" className="whitespace-pre-wrap break-words text-base">
          <LegibleText text={turn.content} />
        </p>
      )}
    </li>
  );
}

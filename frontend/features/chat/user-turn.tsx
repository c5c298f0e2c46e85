"use client";

import { Pencil } from "lucide-react";
import { useState } from "react";
import { LegibleText } from "@/components/tokens/legible-text";
import { Button } from "@/components/ui/button";
import type { Turn } from "./conversation";
import { TurnEditor } from "./turn-editor";
import { words } from "./words";

interface UserTurnProps {
  turn: Turn & { role: "user" };
  /** Returns whether the change was accepted. */
  onEdit: (content: string) => boolean;
}

export function UserTurn({ turn, onEdit }: UserTurnProps) {
  const [editing, setEditing] = useState(false);
  return (
    <li>
      <div className="flex items-center gap-2">
        <p className="font-medium text-quiet text-xs">{words.you}</p>
        {!editing && (
          <Button
            variant="quiet"
            className="size-6 p-0"
            aria-label={words.editMessage}
            title={words.editMessage}
            onClick={() => setEditing(true)}
          >
            <Pencil size={12} aria-hidden />
          </Button>
        )}
      </div>
      {editing ? (
        <TurnEditor
          content={turn.content}
          label={words.editMessage}
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

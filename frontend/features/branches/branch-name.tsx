"use client";

import { useEffect, useRef } from "react";
import { Input } from "@/components/ui/input";
import type { Branch } from "@/lib/run/branches";
import { useSession } from "@/lib/run/run-context";
import { words } from "./words";

/** A field for the name of a branch. Enter and blur save the name, Escape discards it. */
export function BranchName({ branch, onEnd }: { branch: Branch; onEnd: () => void }) {
  const session = useSession();
  const input = useRef<HTMLInputElement>(null);
  const saves = useRef(true);
  useEffect(() => input.current?.select(), []);
  return (
    <Input
      ref={input}
      defaultValue={branch.name}
      maxLength={60}
      aria-label={words.nameLabel}
      placeholder={words.namePlaceholder}
      className="h-7 w-56"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") saves.current = false;
        if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
      }}
      onBlur={(event) => {
        if (saves.current) session.rename(branch.id, event.target.value);
        onEnd();
      }}
    />
  );
}

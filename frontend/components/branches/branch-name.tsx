"use client";

import { useEffect, useRef } from "react";
import type { Branch } from "@/lib/run/branches";
import { text } from "@/lib/text";
import { useSession } from "../run-context";
import { Input } from "../ui/input";

/** A field for a branch's name; Enter or leaving keeps it, Escape does not. */
export function BranchName({ branch, onEnd }: { branch: Branch; onEnd: () => void }) {
  const session = useSession();
  const input = useRef<HTMLInputElement>(null);
  const given = useRef(true);
  useEffect(() => input.current?.select(), []);
  return (
    <Input
      ref={input}
      defaultValue={branch.name}
      maxLength={60}
      aria-label={text.fork.nameLabel}
      placeholder={text.fork.namePlaceholder}
      className="h-7 w-56"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") given.current = false;
        if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
      }}
      onBlur={(event) => {
        if (given.current) session.rename(branch.id, event.target.value);
        onEnd();
      }}
    />
  );
}

"use client";

import { Columns2, Pencil, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { isStandalone } from "@/lib/recording/is-standalone";
import { type Branch, withDescendants } from "@/lib/run/branches";
import { useSession, useSessionState } from "@/lib/run/run-context";
import { comparisonOf, openView } from "@/lib/views/view";
import { words } from "./words";

/** Actions for the branch that is shown. */
export function BranchActions({ branch, onRename }: { branch: Branch; onRename: () => void }) {
  const session = useSession();
  const branches = useSessionState((state) => state.branches);
  const grown = withDescendants(branches, branch.id).length - 1;
  return (
    <div className="-mr-2 flex">
      {!isStandalone() && (
        <Action
          label={words.beside}
          onClick={() => openView("compare", comparisonOf(branches, branch))}
        >
          <Columns2 size={14} aria-hidden />
        </Action>
      )}
      <Action label={words.rename} onClick={onRename}>
        <Pencil size={13} aria-hidden />
      </Action>
      <Action
        label={words.remove}
        title={grown > 0 ? words.removeWith(grown) : words.remove}
        onClick={() => session.remove(branch.id)}
      >
        <Trash2 size={13} aria-hidden />
      </Action>
    </div>
  );
}

interface ActionProps {
  label: string;
  title?: string;
  onClick: () => void;
  children: ReactNode;
}

function Action({ label, title = label, onClick, children }: ActionProps) {
  return (
    <Button
      variant="quiet"
      className="h-7 gap-1.5 px-2 text-xs"
      aria-label={label}
      title={title}
      onClick={onClick}
    >
      {children}
      <span className="max-sm:sr-only">{label}</span>
    </Button>
  );
}

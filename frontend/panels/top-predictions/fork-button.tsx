import { Split } from "lucide-react";
import type { ReactNode } from "react";
import { visible } from "@/lib/text/characters";
import { words } from "./words";

/**
 * One shared element: creating it twenty times per step would take a tenth of the rendering time.
 */
const FORKS = (
  <Split
    size={12}
    aria-hidden
    className="shrink-0 rotate-90 text-accent opacity-0 in-focus-visible:opacity-100 in-enabled:group-hover:opacity-100"
  />
);

interface ForkButtonProps {
  label: string;
  said: boolean;
  reachable: boolean;
  onFork: () => void;
  children: ReactNode;
}

/**
 * A button with the token's name that covers the whole row. It is disabled for the chosen token,
 * which is not an alternative.
 */
export function ForkButton({ label, said, reachable, onFork, children }: ForkButtonProps) {
  return (
    <button
      type="button"
      data-alternative={said ? undefined : ""}
      disabled={said}
      tabIndex={reachable ? 0 : -1}
      aria-label={said ? visible(label) : words.forkLabel(visible(label))}
      title={said ? words.chosen : words.forkHint}
      onClick={onFork}
      className="flex min-w-0 items-center gap-1 after:absolute after:inset-0 after:rounded enabled:group-hover:after:bg-data/10 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-data focus-visible:after:-outline-offset-2 enabled:cursor-pointer"
    >
      {children}
      {FORKS}
    </button>
  );
}

import { Split } from "lucide-react";
import type { ReactNode } from "react";
import { text } from "@/lib/text";
import { visible } from "@/lib/text/characters";

const words = text.panels.predictions;

/** Made once: twenty of them at every step would be a tenth of what the rows cost. */
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

/** The token's name, and the whole row around it, as a button; what was said is no alternative. */
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

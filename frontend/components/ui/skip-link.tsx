import type { ReactNode } from "react";
import { classNames } from "./class-names";

interface SkipLinkProps {
  /** Id of the element to which the link leads. It must be focusable. */
  to: string;
  /** Moves the focus; by default to the element itself. */
  onFollow?: () => void;
  className?: string;
  children: ReactNode;
}

/** A link to a part of the page, shown only while it has the focus. */
export function SkipLink({ to, onFollow, className, children }: SkipLinkProps) {
  return (
    <a
      href={`#${to}`}
      onClick={(event) => {
        // Keeps the fragment, which may contain settings.
        event.preventDefault();
        if (onFollow) onFollow();
        else document.getElementById(to)?.focus();
      }}
      className={classNames(
        "sr-only focus:not-sr-only focus:absolute focus:z-30 focus:bg-sheet focus:p-3",
        className,
      )}
    >
      {children}
    </a>
  );
}

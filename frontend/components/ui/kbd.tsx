import type { ReactNode } from "react";

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="figures inline-flex min-w-5 items-center justify-center rounded border border-rule bg-well px-1 text-micro text-quiet">
      {children}
    </kbd>
  );
}

import { ChevronRight } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";

interface DisclosureProps extends ComponentProps<"details"> {
  label: ReactNode;
}

export function Disclosure({ label, children, ...rest }: DisclosureProps) {
  return (
    <details className="group border-rule border-t" {...rest}>
      <summary className="flex cursor-pointer list-none items-center gap-1.5 py-3 font-medium text-small text-quiet hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight size={14} aria-hidden className="transition-transform group-open:rotate-90" />
        {label}
      </summary>
      <div className="pb-3">{children}</div>
    </details>
  );
}

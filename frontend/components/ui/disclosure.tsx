import { ChevronRight } from "lucide-react";
import { type ComponentProps, type ReactNode, useEffect, useRef } from "react";

interface DisclosureProps extends Omit<ComponentProps<"details">, "open"> {
  label: ReactNode;
  /**
   * Becomes true when the content must be visible, for example an error in it: opens the
   * disclosure. The visitor can close it again.
   */
  opened?: boolean;
}

export function Disclosure({ label, children, opened = false, ...rest }: DisclosureProps) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (opened && details.current) details.current.open = true;
  }, [opened]);
  return (
    <details ref={details} className="group border-rule border-t" {...rest}>
      <summary className="flex cursor-pointer list-none items-center gap-1.5 py-3 font-medium text-small text-quiet hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight size={14} aria-hidden className="transition-transform group-open:rotate-90" />
        {label}
      </summary>
      <div className="pb-3">{children}</div>
    </details>
  );
}

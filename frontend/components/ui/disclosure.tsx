import { ChevronRight } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { localStore, storedJson } from "@/lib/browser/storage";
import { classNames } from "./class-names";

interface DisclosureProps {
  /** Under this name the browser remembers whether the visitor opened or closed it. */
  name: string;
  label: ReactNode;
  /** Whether it is open before the visitor has chosen. */
  initially?: boolean;
  /**
   * Becomes true when the content must be visible, for example an error in it: opens the
   * disclosure. The visitor can close it again.
   */
  opened?: boolean;
  className?: string;
  children: ReactNode;
}

const KEY = "mav-sections";

type Remembered = Readonly<Record<string, boolean>>;

const remembered = (): Remembered => (storedJson(localStore, KEY) ?? {}) as Remembered;

/** A section that can be closed. */
export function Disclosure(props: DisclosureProps) {
  const { name, label, children, initially = false, opened = false, className } = props;
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const isOpen = remembered()[name];
    if (details.current && typeof isOpen === "boolean") details.current.open = isOpen;
  }, [name]);
  useEffect(() => {
    if (opened && details.current) details.current.open = true;
  }, [opened]);
  /** Only what the visitor does is remembered, not what an error opens. */
  const remember = () => {
    // The click toggles the element after its handlers have run.
    const willBeOpen = !details.current?.open;
    localStore.setItem(KEY, JSON.stringify({ ...remembered(), [name]: willBeOpen }));
  };
  return (
    <details
      ref={details}
      open={initially}
      className={classNames("group border-rule border-t", className)}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button */}
      <summary
        onClick={remember}
        className="flex cursor-pointer list-none items-center gap-1.5 py-3 font-medium text-small text-quiet hover:text-ink [&::-webkit-details-marker]:hidden"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className="shrink-0 transition-transform group-open:rotate-90"
        />
        {label}
      </summary>
      <div className="pb-3">{children}</div>
    </details>
  );
}

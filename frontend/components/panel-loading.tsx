import { text } from "@/lib/text/en";

/** Fills the panel's body while its code is on the way, so that nothing moves when it comes. */
export function PanelLoading() {
  return (
    <div role="status" className="breathing h-full min-h-0 rounded-[3px] bg-well">
      <span className="sr-only">{text.panels.deeper.loading}</span>
    </div>
  );
}

import { classNames } from "@/components/ui/class-names";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text/en";
import type { Panel, PanelProps } from "@/panels/panel";

interface PanelFrameProps extends PanelProps {
  panel: Panel;
}

/** Title, unit, what it reads and how to read it; below, a body whose height never changes. */
export function PanelFrame({ panel, ...props }: PanelFrameProps) {
  const { Component } = panel;
  const titleId = `panel-${panel.id}`;
  return (
    <section
      aria-labelledby={titleId}
      className={classNames(
        "flex min-w-0 flex-col bg-sheet px-5 pt-4 pb-4 four-narrow:px-4",
        panel.wide && "col-span-full",
      )}
    >
      <header className="mb-3">
        <div
          className={classNames(
            "flex flex-wrap items-baseline justify-between gap-x-4",
            !panel.wide && "four-narrow:flex-col",
          )}
        >
          <h2 id={titleId} className="font-semibold text-[0.9375rem] tracking-[-0.01em]">
            {panel.title}
          </h2>
          <p className="text-micro text-quiet">
            {unitOf(panel, props.run)}
            <span aria-hidden> · </span>
            <span className="sr-only">{text.panels.hookPoint}</span> {panel.hookPoint}
          </p>
        </div>
        <p
          className={classNames(
            "mt-0.5 max-w-[90ch] text-quiet text-small",
            !panel.wide && "four-narrow:min-h-[3.6rem]",
          )}
        >
          {panel.howToRead}
        </p>
      </header>
      <div
        className={
          panel.wide ? "h-68 sm:h-52 lg:h-40 min-[106rem]:h-48" : "min-h-[19rem] flex-1 basis-0"
        }
      >
        <Component {...props} />
      </div>
    </section>
  );
}

const unitOf = ({ unit }: Panel, run: RunRecord) => (typeof unit === "string" ? unit : unit(run));

import { Fragment } from "react";

/** A text in which what stands between backticks is shown as code. */
export const CodeText = ({ text }: { text: string }) =>
  text.split("`").map((part, place) =>
    place % 2 ? (
      <code key={place} className="figures text-[0.9375em] text-ink">
        {part}
      </code>
    ) : (
      <Fragment key={place}>{part}</Fragment>
    ),
  );

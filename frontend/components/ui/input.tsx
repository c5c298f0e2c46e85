import type { ComponentProps } from "react";
import { classNames } from "./class-names";

const FRAME =
  "w-full rounded-md border border-edge/70 bg-sheet text-ink placeholder:text-quiet hover:border-edge aria-invalid:border-error aria-invalid:outline-accent";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return (
    <input dir="auto" className={classNames(FRAME, "h-8 px-2 text-small", className)} {...rest} />
  );
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea
      dir="auto"
      className={classNames(FRAME, "scroll-thin px-3 py-2", className)}
      {...rest}
    />
  );
}

export function Select({ className, ...rest }: ComponentProps<"select">) {
  return (
    <select
      className={classNames(FRAME, "h-8 cursor-pointer px-1.5 text-small", className)}
      {...rest}
    />
  );
}

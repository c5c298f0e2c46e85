import { X } from "lucide-react";
import type { ComponentProps } from "react";
import { classNames } from "./class-names";

const VARIANTS = {
  primary: "bg-ink text-paper hover:bg-ink/88 disabled:bg-ink/40",
  outline: "border border-edge text-ink hover:bg-well",
  quiet: "text-quiet hover:bg-well hover:text-ink",
} as const;

interface ButtonProps extends ComponentProps<"button"> {
  variant?: keyof typeof VARIANTS;
  /** Square, for a single icon. Needs an aria-label. */
  icon?: boolean;
}

export function Button({ variant = "outline", icon, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={classNames(
        "inline-flex cursor-pointer items-center justify-center gap-2 rounded-md font-medium text-small transition-colors",
        "disabled:cursor-default disabled:opacity-45",
        icon ? "size-8" : "h-9 px-3",
        VARIANTS[variant],
        className,
      )}
      {...rest}
    />
  );
}

interface CloseButtonProps {
  /** What is closed or removed, for screen readers and as a tip. */
  label: string;
  onClick: () => void;
  className?: string;
}

/** Pictures and prints of its panel leave it out. */
export const CloseButton = ({ label, onClick, className }: CloseButtonProps) => (
  <Button
    icon
    variant="quiet"
    data-export="skip"
    className={classNames("size-7 shrink-0 print:hidden", className)}
    aria-label={label}
    title={label}
    onClick={onClick}
  >
    <X size={14} aria-hidden />
  </Button>
);

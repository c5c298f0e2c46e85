import { X } from "lucide-react";
import { Button } from "./button";
import { classNames } from "./class-names";

interface CloseButtonProps {
  /** What is closed or removed, for screen readers and as a tip. */
  label: string;
  onClick: () => void;
  className?: string;
}

/** It is not part of pictures and prints of what it stands in. */
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

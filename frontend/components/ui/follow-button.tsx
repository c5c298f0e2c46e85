import { Button } from "./button";
import { classNames } from "./class-names";

interface FollowButtonProps {
  label: string;
  hint: string;
  /** Whether the newest item is followed. */
  following: boolean;
  disabled?: boolean;
  onClick: () => void;
  className: string;
}

/** Toggles following the newest item. A dot shows whether it is followed. */
export function FollowButton({ label, hint, following, className, ...rest }: FollowButtonProps) {
  return (
    <Button
      variant="quiet"
      className={classNames("gap-1.5 px-2 text-xs", following && "text-ink", className)}
      aria-pressed={following}
      title={hint}
      {...rest}
    >
      <span
        aria-hidden
        className={classNames(
          "size-1.5 rounded-full",
          following && !rest.disabled ? "bg-ink" : "bg-edge",
        )}
      />
      {label}
    </Button>
  );
}

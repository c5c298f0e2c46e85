interface PlayheadProps {
  /** Position on the axis, from 0 to 1. */
  share: number;
  /** Width of the axis in pixels. */
  width: number;
  /** Number of positions on the axis. */
  length: number;
}

/** Marks the shown position on an axis. It is moved by a transform, which needs no layout. */
export function Playhead({ share, width, length }: PlayheadProps) {
  const wide = Math.max(2, width / length);
  return (
    <span
      aria-hidden
      data-playhead
      className="pointer-events-none absolute -top-1 -bottom-1 left-0"
      style={{ transform: `translateX(${share * width - wide / 2}px)`, width: wide }}
    >
      <span className="absolute inset-y-1 inset-x-0 bg-accent/15" />
      <span className="absolute inset-y-0 left-1/2 w-0.5 -translate-x-1/2 rounded-full bg-accent" />
    </span>
  );
}

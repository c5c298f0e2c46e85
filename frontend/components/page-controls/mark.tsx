/** The logo: five layers, one of them in the accent colour. */
export function Mark() {
  const widths = [7, 13, 18, 11, 15];
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      {widths.map((width, layer) => (
        <rect
          key={width}
          x="1"
          y={1 + layer * 4}
          width={width}
          height="2"
          rx="0.5"
          className={layer === 2 ? "fill-accent" : "fill-ink"}
        />
      ))}
    </svg>
  );
}

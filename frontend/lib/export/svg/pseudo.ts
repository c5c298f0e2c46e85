const REAL = "data-drawn-pseudo";

/**
 * Replaces ::before and ::after by real elements while `work` runs, because only the position of
 * real elements can be measured. The browser does not paint in between.
 */
export function withRealPseudos<T>(root: Element, work: () => T): T {
  const undo: (() => void)[] = [];
  const sheet = document.createElement("style");
  sheet.textContent = `[${REAL}~=before]::before,[${REAL}~=after]::after{content:none!important}`;
  const found = [...root.querySelectorAll("*")].flatMap((element) =>
    (["before", "after"] as const).flatMap((which) => contentOf(element, which) ?? []),
  );
  document.head.append(sheet);
  for (const { element, which, span } of found) {
    const marked = element.getAttribute(REAL);
    element.setAttribute(REAL, marked ? `${marked} ${which}` : which);
    if (which === "before") element.prepend(span);
    else element.append(span);
    undo.push(() => {
      span.remove();
      element.removeAttribute(REAL);
    });
  }
  try {
    return work();
  } finally {
    for (const step of undo) step();
    sheet.remove();
  }
}

function contentOf(element: Element, which: "before" | "after") {
  const style = getComputedStyle(element, `::${which}`);
  if (!style.content.startsWith('"') || style.display === "none") return null;
  const span = document.createElement("span");
  span.textContent = style.content.slice(1, -1).replaceAll(/\\(.)/g, "$1");
  for (const name of style) span.style.setProperty(name, style.getPropertyValue(name));
  return { element, which, span };
}

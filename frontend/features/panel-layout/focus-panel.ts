/** Focuses the panel at this index, or the last panel if there are fewer. */
export function focusPanelAt(place: number): void {
  requestAnimationFrame(() => {
    const grips = document.querySelectorAll<HTMLElement>("[data-grip]");
    (grips[place] ?? grips[grips.length - 1])?.focus();
  });
}

/**
 * Focuses the text of a panel, if it has one, or else the panel itself. Returns whether the panel is
 * open.
 */
export function focusPanel(id: string): boolean {
  const panel = document.querySelector<HTMLElement>(`[data-panel="${id}"]`);
  if (!panel) return false;
  const target = panel.querySelector<HTMLElement>("[role=listbox]") ?? panel;
  // A panel can have the focus only while it has it: else a click in it would take the focus from
  // the run, whose keys play the tokens.
  if (target === panel) {
    panel.tabIndex = -1;
    panel.addEventListener("blur", () => panel.removeAttribute("tabindex"), { once: true });
  }
  target.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
  return true;
}

/** Which of a list's chips can be seen: places from `first` up to, not including, `end`. */
export interface Visible {
  readonly first: number;
  readonly end: number;
}

export interface ChipPaint {
  /** 0 to 1 by place; NaN is left unpainted. */
  readonly shades: Float32Array;
  /** The token that looks; those after it were not yet read. */
  readonly query: number;
}

/** The chips that stand in the list's window; all of them where nothing has a size. */
export function visibleChips(list: HTMLElement, chips: readonly HTMLElement[]): Visible {
  if (list.clientHeight === 0) return { first: 0, end: chips.length };
  const top = list.scrollTop;
  const bottom = top + list.clientHeight;
  return {
    first: firstWhere(chips, (chip) => chip.offsetTop + chip.offsetHeight > top + 1),
    end: firstWhere(chips, (chip) => chip.offsetTop >= bottom - 1),
  };
}

/** The first chip for which it holds; it must hold for all that follow. */
function firstWhere(chips: readonly HTMLElement[], holds: (chip: HTMLElement) => boolean): number {
  let low = 0;
  let high = chips.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(chips[middle] as HTMLElement)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Paint the chips that can be seen, so that a step costs the same in a text of any length. */
export function paintChips(chips: readonly HTMLElement[], visible: Visible, paint: ChipPaint) {
  const { shades, query } = paint;
  for (let place = visible.first; place < visible.end; place++) {
    const chip = chips[place];
    if (!chip) return;
    const shade = shades[place];
    const painted = shade !== undefined && !Number.isNaN(shade);
    chip.style.setProperty("--prob", painted ? shade.toFixed(3) : "0");
    const kind = kindOf(place, query, painted || place >= shades.length);
    if (chip.dataset.kind !== kind) chip.dataset.kind = kind;
  }
}

function kindOf(place: number, query: number, painted: boolean): string {
  if (place === query) return painted ? "query" : "query left-out";
  if (place === query + 1) return "said";
  if (place > query) return "later";
  return painted ? "seen" : "left-out";
}

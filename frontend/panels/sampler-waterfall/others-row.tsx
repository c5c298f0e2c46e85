import { formatCount, formatPercent } from "@/lib/i18n/numbers";
import type { Others } from "./waterfall";
import { words } from "./words";

/** The rest of the vocabulary after each control. */
export function OthersRow({ others }: { others: readonly Others[] }) {
  return (
    <tr>
      <th
        scope="row"
        className="sticky bottom-0 left-0 z-20 border-rule border-t bg-sheet py-1 pl-1.5 text-left font-normal text-quiet text-xs"
      >
        {words.others}
      </th>
      {others.map(({ count, prob }, column) => (
        <td
          key={column}
          title={words.of(formatCount(count))}
          className="figures sticky bottom-0 z-10 border-rule border-t border-l bg-sheet px-2 py-1 text-micro text-quiet"
        >
          {count === 0 ? words.none : `${formatPercent(prob)} %`}
        </td>
      ))}
    </tr>
  );
}

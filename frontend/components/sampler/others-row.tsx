import type { Others } from "@/lib/sampler/waterfall";
import { text } from "@/lib/text";
import { formatCount, formatPercent } from "@/lib/text/numbers";

/** The rest of the vocabulary, after each control. */
export function OthersRow({ others }: { others: readonly Others[] }) {
  const words = text.panels.waterfall;
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

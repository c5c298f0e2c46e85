import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { tableNumber } from "@/panels/table-number";
import { BADGES, badgesOf, meanOf } from "./badges";
import { meanEntropy } from "./entropy";
import { words } from "./labels/words";
import { headsOf } from "./selection";
import { atlasSelection } from "./selection-store";
import { entropiesOf, summaryOf } from "./summary";

/** One row per shown head: its badges, the mean weights with their queries, and the entropy. */
export function atlasTable(run: RunRecord): PanelTable {
  const { columns: named } = words;
  const columns = [
    ...[named.layer, named.head, named.badges],
    ...BADGES.flatMap((badge) => {
      const name = words.badges[badge];
      return [named.mean(name), named.queries(name)];
    }),
    ...[named.bound, named.entropy],
  ];
  const summary = summaryOf(run);
  if (!summary) return { columns, rows: [] };
  const { badges } = summary;
  const entropies = entropiesOf(run);
  const bounds = BADGES.filter((badge) => badges.bounds[badge]).map((badge) => words.badges[badge]);
  const rows = headsOf(atlasSelection.getState(), badges, entropies).map(({ layer, head }) => [
    layer,
    head,
    badgesOf(badges, layer, head)
      .map((badge) => words.badges[badge])
      .join(", "),
    ...BADGES.flatMap((badge) => [
      tableNumber(meanOf(badges, badge, layer, head)),
      badges.queries[badge],
    ]),
    bounds.join(", "),
    tableNumber(meanEntropy(entropies, layer, head)),
  ]);
  return { columns, rows };
}

import { objectCache } from "@/lib/caching/cache";
import type { Shares } from "@/lib/contract/frames";
import { contextLength, promptLength, type RunRecord } from "@/lib/run/run-record";
import { addQuery, type BadgeSums, noSums, TokenPositions } from "./badges";
import { addEntropies, type EntropySums, noEntropies } from "./entropy";
import { newestMap, type Query, queryAt, sizeOf } from "./queries";

/** What is known of all heads over the queries of a run so far. */
export interface Summary {
  readonly badges: BadgeSums;
  /** The number of queries of which all weights were measured, and of which only the strongest. */
  readonly whole: number;
  readonly strongest: number;
}

/** Returns the sums over the queries of a run so far; null if none was measured. */
export const summaryOf = overQueries<Summary | null>(
  () => null,
  (before, _, query, q, earlier) => {
    if (!query) return before;
    const { badges, whole, strongest } = before ?? {
      badges: noSums(sizeOf(query)),
      whole: 0,
      strongest: 0,
    };
    const all = query.kind === "all";
    return {
      badges: addQuery(badges, query, q, earlier),
      whole: whole + (all ? 1 : 0),
      strongest: strongest + (all ? 0 : 1),
    };
  },
);

/**
 * Returns the sums of the entropies over the queries of a run so far; null if none was measured.
 * Apart from the summary, because all weights of all heads are many.
 */
export const entropiesOf = overQueries<EntropySums | null>(
  () => null,
  (before, run, query, q) => {
    const entropies = run.frames[q + 1 - promptLength(run)]?.layers.attnEntropy;
    if (!entropies && query?.kind !== "all") return before;
    const size = entropies
      ? { layers: entropies.rows, heads: entropies.columns }
      : sizeOf(query as Query);
    return addEntropies(before ?? noEntropies(size), entropies ?? (query as Query), q);
  },
);

type Add<T> = (
  before: T,
  run: RunRecord,
  query: Query | null,
  q: number,
  earlier: readonly number[],
) => T;

interface Growth<T> {
  value: T;
  /** The first query that was not added yet. */
  next: number;
  positions: TokenPositions;
  map: Shares | undefined;
}

/**
 * Returns a function that adds up the queries of a run. A token adds its own query to what was
 * computed before; that stays when the run lets go of old measurements.
 */
function overQueries<T>(begin: () => T, add: Add<T>): (run: RunRecord) => T {
  const growths = objectCache<object, Growth<T>>();
  const empty = (map: Shares | undefined): Growth<T> => ({
    value: begin(),
    next: 0,
    positions: new TokenPositions(),
    map,
  });
  return (run) => {
    const map = newestMap(run);
    const growth = growths(run.frames, () => empty(map));
    // Another map has queries that were not known before.
    if (growth.map !== map) Object.assign(growth, empty(map));
    for (; growth.next < contextLength(run) - 1; growth.next++) {
      const q = growth.next;
      const id = run.prompt?.tokens[q]?.id ?? run.frames[q - promptLength(run)]?.id ?? -1;
      growth.value = add(growth.value, run, queryAt(run, q), q, growth.positions.add(id));
    }
    return growth.value;
  };
}

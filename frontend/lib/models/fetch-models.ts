import { failureOf, Refused } from "@/lib/client/failure";
import { accepted } from "@/lib/client/problem";
import type { ModelList } from "@/lib/contract";
import type { Failure } from "@/lib/contract/frames";
import { ModelListSchema } from "@/lib/contract/schemas";
import { validated } from "@/lib/contract/validate";
import { hasServer } from "@/lib/url-state/has-server";
import { siteAddress } from "@/lib/url-state/site-address";

/** Among the site's files: the models that run in the browser. */
const IN_BROWSER = "models/index.json";

export interface Fetched {
  readonly list: ModelList;
  /** Why the server's models are not in the list; null if they are, or if the site has no server. */
  readonly failure: Failure | null;
}

/**
 * Fetches the list of models that the server offers, followed by those that run in the browser.
 * Without a server the first of those is the default. Throws if there is no model at all.
 */
export async function fetchModels(signal: AbortSignal): Promise<Fetched> {
  if (!hasServer()) return { list: await fetchList(IN_BROWSER, signal), failure: null };
  const [server, local] = await Promise.allSettled([
    fetchList("api/models", signal),
    fetchList(IN_BROWSER, signal),
  ]);
  if (server.status === "fulfilled") {
    const added = local.status === "fulfilled" ? local.value.models : [];
    const list = { ...server.value, models: [...server.value.models, ...added] };
    return { list, failure: null };
  }
  const { reason } = server;
  if (local.status === "rejected" || signal.aborted) throw reason;
  const isStaticSite = reason instanceof Refused && reason.status === 404;
  return { list: local.value, failure: isStaticSite ? null : failureOf(reason) };
}

async function fetchList(path: string, signal: AbortSignal): Promise<ModelList> {
  const response = await accepted(await fetch(siteAddress(path), { signal }));
  return validated(ModelListSchema, await response.json(), "models");
}

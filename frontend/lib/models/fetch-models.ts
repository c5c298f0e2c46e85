import { siteAddress } from "@/lib/address/site-address";
import type { ModelList } from "@/lib/contract";
import { accepted } from "@/lib/transport/problem";

/** The models that this server offers. */
export async function fetchModels(signal: AbortSignal): Promise<ModelList> {
  const response = await accepted(await fetch(siteAddress("api/models"), { signal }));
  return (await response.json()) as ModelList;
}

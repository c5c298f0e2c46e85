import { siteAddress } from "@/lib/url-state/site-address";
import { PLACEHOLDER, TEMPLATE_PATH } from "./standalone";

/** Fetches the template of standalone pages; null if the site is served without one. */
export async function fetchTemplate(): Promise<string | null> {
  try {
    const answer = await fetch(siteAddress(TEMPLATE_PATH));
    const template = answer.ok ? await answer.text() : "";
    return template.includes(PLACEHOLDER) ? template : null;
  } catch {
    return null;
  }
}

/**
 * Returns the size of the template in bytes with a HEAD request; null if the server does not send
 * it.
 */
export async function templateSize(): Promise<number | null> {
  try {
    const answer = await fetch(siteAddress(TEMPLATE_PATH), { method: "HEAD" });
    const length = Number(answer.headers.get("Content-Length"));
    return answer.ok && length > 0 && !answer.headers.has("Content-Encoding") ? length : null;
  } catch {
    return null;
  }
}

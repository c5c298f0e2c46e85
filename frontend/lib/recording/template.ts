import { siteAddress } from "@/lib/address/site-address";
import { PLACEHOLDER, TEMPLATE_PATH } from "./standalone";

/** The template of standalone pages; null where the site was served without one. */
export async function fetchTemplate(): Promise<string | null> {
  try {
    const answer = await fetch(siteAddress(TEMPLATE_PATH));
    const template = answer.ok ? await answer.text() : "";
    return template.includes(PLACEHOLDER) ? template : null;
  } catch {
    return null;
  }
}

/** Its bytes, without fetching it; null where the server does not tell. */
export async function templateSize(): Promise<number | null> {
  try {
    const answer = await fetch(siteAddress(TEMPLATE_PATH), { method: "HEAD" });
    const length = Number(answer.headers.get("Content-Length"));
    return answer.ok && length > 0 && !answer.headers.has("Content-Encoding") ? length : null;
  } catch {
    return null;
  }
}

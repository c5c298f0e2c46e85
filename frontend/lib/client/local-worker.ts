/** The worker that runs models in the browser. */
import { IN_BROWSER } from "@/lib/contract/in-browser";
import { siteAddress } from "@/lib/url-state/site-address";

const WORKER = "local/worker.js";

/**
 * Starts the worker before the page's scripts are loaded, if the link names a model that runs in the
 * browser, or if the site has no server and names its model. One that fails before a run needs it is
 * forgotten, so that the run starts another and gets the error.
 */
export const WORKER_SCRIPT = `{let m=new URLSearchParams(location.search).get("model"),d=document.documentElement.dataset.model;if(m?.startsWith("${IN_BROWSER}")||(m=d))try{mavWorker=new Worker("./${WORKER}",{type:"module"});mavWorker.onerror=()=>{mavWorker=0};mavWorker.postMessage({type:"load",model:m,site:document.baseURI})}catch{}}`;

/** Returns the worker that was started early, once, or a new one. */
export function startWorker(): Worker {
  const early = globalThis as { mavWorker?: Worker | 0 | undefined };
  const { mavWorker } = early;
  early.mavWorker = undefined;
  return mavWorker || new Worker(siteAddress(WORKER), { type: "module" });
}

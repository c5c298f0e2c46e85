import "./replay.css";
import { createRoot } from "react-dom/client";
import { Replay } from "@/components/replay";
import { ARRANGEMENT_PARAMETER } from "@/lib/arrangement/arrangement-store";
import { panelsOfPage, recordingOfPage } from "@/lib/recording/standalone";
import { restoreTheme } from "@/lib/theme/theme";

restoreTheme();
arrangeAsSaved();
const place = document.getElementById("replay");
if (place) createRoot(place).render(<Replay recording={recordingOfPage(document)} />);

/** The panels that stood open when the page was saved, unless its address names others. */
function arrangeAsSaved(): void {
  const address = new URL(window.location.href);
  const panels = panelsOfPage(document);
  if (panels === "" || address.searchParams.has(ARRANGEMENT_PARAMETER)) return;
  address.searchParams.set(ARRANGEMENT_PARAMETER, panels);
  window.history.replaceState(null, "", address);
}

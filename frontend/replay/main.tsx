import "./replay.css";
import "./saved-view";
import { createRoot } from "react-dom/client";
import { Replay } from "@/components/replay";
import { recordingOfPage } from "@/lib/recording/standalone";
import { beginLanguage } from "@/lib/text/language";
import { restoreTheme } from "@/lib/theme/theme";

restoreTheme();
// The page says the language in which it was saved.
await beginLanguage();
const place = document.getElementById("replay");
if (place) createRoot(place).render(<Replay recording={recordingOfPage(document)} />);

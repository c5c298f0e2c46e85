import "./replay.css";
import { createRoot } from "react-dom/client";
import { Replay } from "@/components/replay";
import { recordingOfPage } from "@/lib/recording/standalone";
import { restoreTheme } from "@/lib/theme/theme";

restoreTheme();
const place = document.getElementById("replay");
if (place) createRoot(place).render(<Replay recording={recordingOfPage(document)} />);

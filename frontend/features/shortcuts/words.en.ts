export const english = {
  close: "Close",
  rows: [
    { keys: ["Ctrl", "Enter"], action: "Run (⌘ Enter on a Mac)" },
    { keys: ["Esc"], action: "Stop the run" },
    { keys: ["←", "→"], action: "With a token focused: previous token, next token" },
    { keys: ["Home", "End"], action: "With a token focused: first token, newest token" },
    { keys: ["Space"], action: "In the run: play the tokens, or pause" },
    { keys: ["Shift", "←", "→"], action: "In the timeline: mark a range that plays in a loop" },
    { keys: ["P"], action: "In the run: pause the run on the server, or continue" },
    { keys: ["N"], action: "In a paused run: compute one more token" },
    { keys: ["L"], action: "In the run: follow the newest token again" },
    { keys: [",", "."], action: "In a training: previous snapshot, next snapshot" },
    { keys: ["F"], action: "Present: larger text for a projector" },
    { keys: ["?"], action: "Show these shortcuts" },
  ],
} as const;

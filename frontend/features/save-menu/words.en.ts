export const english = {
  label: "Save this run",
  recording: "Recording",
  recordingHint: "Every event of the run; opens here, and in Python",
  page: "Standalone page",
  pageHint: "One file that replays the run, no server needed",
  withModel: "Standalone page with the model inside",
  withModelHint: "Can also be forked and continued, without a network",
  about: (size: string) => `about ${size}`,
  tooLarge: (limit: string) => `This run is too long for it: the page has at most ${limit}`,
  packing: "The model is being packed into the page …",
  notPacked: (reason: string) =>
    `The model cannot be packed into the page (${reason}). Check the connection, then try again.`,
  link: "Copy link",
  linkHint: "Opens the page with the same settings",
  linkCopied: "Link copied",
  linkNotCopied: "The browser did not let the page copy. The link is in the address bar.",
  openFile: "Open a recording …",
  openHint: "Or drop the file anywhere on the page",
  openModel: "Open the files of a model …",
  openModelHint: "Or drop its folder: it runs in the browser and is not uploaded",
  nothing: "There is no run to save yet.",
  full: (tokens: number, limit: string) =>
    `The run is larger than ${limit}: the recording has its first ${tokens} tokens.`,
  running: (tokens: number) => `The run is not finished: a file saved now has ${tokens} tokens.`,
  saved: (name: string) => `Saved ${name}`,
  bytes: (kilo: number) =>
    kilo >= 1000 ? `${(kilo / 1000).toFixed(1)} MB` : `${Math.max(1, Math.round(kilo))} kB`,
  linkIncomplete:
    "Link copied, without the long prompt: it is kept in this browser tab only. Save the run as a file to share it.",
} as const;

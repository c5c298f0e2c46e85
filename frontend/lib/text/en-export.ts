/** Words for what can be taken away, and for opening it again. */
export const exportText = {
  save: {
    open: "Save",
    label: "Save this run",
    hint: "Save or open a run",
    recording: "Recording",
    recordingHint: "Every event of the run; opens here, and in Python",
    page: "Standalone page",
    pageHint: "One file that replays the run, no server needed",
    link: "Copy link",
    linkHint: "Sets up the same run",
    linkCopied: "Link copied",
    linkNotCopied: "The browser did not let the page copy. The link is in the address bar.",
    openFile: "Open a recording …",
    openHint: "Or drop the file anywhere on the page",
    nothing: "There is no run to save yet.",
    full: (tokens: number, limit: string) =>
      `The run is larger than ${limit}: the recording has its first ${tokens} tokens.`,
    running: (tokens: number) => `The run is not finished: a file saved now has ${tokens} tokens.`,
    saved: (name: string) => `Saved ${name}`,
    bytes: (kilo: number) =>
      kilo >= 1000 ? `${(kilo / 1000).toFixed(1)} MB` : `${Math.max(1, Math.round(kilo))} kB`,
  },
  drop: "Drop the recording to open it",
  recording: {
    source: "Recording",
    another: "Open another file",
    notARecording: {
      title: "This file is not a MAV recording",
      detail: (name: string) =>
        `${name} does not begin with a start event. A recording has one JSON event per line. Save one here, or request one from the API with “Accept: application/x-ndjson”.`,
      empty: (name: string) => `${name} is empty. Save the run again.`,
    },
    version: {
      title: "The recording has another version",
      detail: (given: string, own: number, line: number, where: string) =>
        `Line ${line}: ${where} is ${given}, and this page reads version ${own}. Open it with the MAV that made it, or run the same settings again.`,
    },
    broken: {
      title: "The recording is damaged",
      json: (line: number) => `Line ${line} is not valid JSON.`,
      misfit: (line: number, where: string, problem: string) =>
        `Line ${line} does not fit: ${where} ${problem}.`,
      order: (line: number, type: string, last: string) =>
        `Line ${line} is a ${type} event, which cannot follow a ${last} event: lines are missing, or the file contains two recordings.`,
      index: (line: number, given: number, expected: number) =>
        `Line ${line} is token ${given} where token ${expected} should be: lines are missing or duplicated.`,
      remedy: "Get the file again, or use the part before that line.",
    },
    torn: {
      title: "The recording is incomplete",
      line: (line: number) => `Line ${line} is incomplete: the file was cut off there.`,
      ended: (line: number, type: string) =>
        `It ends after line ${line}, a ${type} event, without done or error: it was saved during the run, or cut off.`,
      remedy: "The part before can be used.",
    },
    unreadable: {
      title: "The file cannot be read",
      detail: (reason: string) =>
        `The browser reported: ${reason}. Check that the file still exists, then open it again.`,
    },
  },
  takeAway: {
    svg: "Picture on white, SVG",
    png: "Picture on white, PNG",
    svgDark: "Picture as shown, SVG",
    pngDark: "Picture as shown, PNG",
    csv: "Numbers of this token, CSV",
    csvAll: "Numbers of all tokens, CSV",
    json: "Numbers with settings, JSON",
    token: "token",
    at: (index: number, label: string) => `token ${index} “${label}”`,
    position: (position: number) => `position ${position} in the context`,
    seed: (seed: number) => `seed ${seed}`,
    temperature: (value: string) => `temperature ${value}`,
    prompt: (prompt: string) => `prompt “${prompt}”`,
    reads: (hookPoint: string) => `reads ${hookPoint}`,
    failed: {
      title: "The file could not be created",
      detail: (reason: string) =>
        `The browser reported: ${reason}. Nothing is lost. If it happens again, reload the page.`,
    },
    dismiss: "Dismiss",
  },
  replay: {
    title: (name: string) => `${name} · MAV recording`,
    about: "A recorded run. Everything on this page is in this one file.",
    none: "This page has no recording",
    noneDetail: "This is the template for standalone pages. Save a standalone page in MAV.",
    template: {
      title: "The standalone page cannot be created",
      detail: "The site was served without its template. Build it: npm run build.",
    },
  },
} as const;

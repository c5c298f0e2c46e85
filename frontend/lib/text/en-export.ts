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
      `The run has outgrown ${limit}: the recording holds its first ${tokens} tokens.`,
    running: (tokens: number) => `The run goes on: what is saved now holds ${tokens} tokens.`,
    saved: (name: string) => `Saved ${name}`,
    bytes: (kilo: number) =>
      kilo >= 1000 ? `${(kilo / 1000).toFixed(1)} MB` : `${Math.max(1, Math.round(kilo))} kB`,
  },
  drop: "Drop the recording to open it",
  recording: {
    source: "Recording",
    another: "Open another file",
    notARecording: {
      title: "This file is no recording of MAV",
      detail: (name: string) =>
        `${name} does not begin with a start event. A recording holds one JSON event a line: save one here, or ask the API with “Accept: application/x-ndjson”.`,
      empty: (name: string) =>
        `${name} is empty: no event was written into it. Save the run again.`,
    },
    version: {
      title: "The recording is of another version",
      detail: (given: string, own: number, line: number, where: string) =>
        `Line ${line}: ${where} is ${given}, and this page reads version ${own}. Open it with the MAV that made it, or run the same settings again.`,
    },
    broken: {
      title: "The recording is damaged",
      json: (line: number) => `Line ${line} is no JSON.`,
      misfit: (line: number, where: string, problem: string) =>
        `Line ${line} does not fit: ${where} ${problem}.`,
      order: (line: number, type: string, last: string) =>
        `Line ${line} is a ${type} event, which cannot follow a ${last} event: lines are missing, or two recordings stand in one file.`,
      index: (line: number, given: number, expected: number) =>
        `Line ${line} is token ${given} where token ${expected} should be: lines are missing or twice there.`,
      remedy: "Get the file anew, or use what stands before that line.",
    },
    torn: {
      title: "The recording is not whole",
      line: (line: number) => `Line ${line} stops in its middle: the file was cut off there.`,
      ended: (line: number, type: string) =>
        `It stops after line ${line}, a ${type} event, without done or error: it was saved while the run went on, or cut off.`,
      remedy: "What stands before is whole.",
    },
    unreadable: {
      title: "The file cannot be read",
      detail: (reason: string) =>
        `The browser said: ${reason}. Check that the file is still there, then open it again.`,
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
      title: "The file could not be made",
      detail: (reason: string) =>
        `The browser said: ${reason}. Nothing is lost; reload the page where it happens again.`,
    },
    dismiss: "Dismiss",
  },
  replay: {
    title: (name: string) => `${name} · MAV recording`,
    about: "A recorded run. Everything on this page is in this one file.",
    none: "This page holds no recording",
    noneDetail: "It is the template that recordings are put into. Save a standalone page from MAV.",
    template: {
      title: "The standalone page cannot be made",
      detail: "The site was served without its template. Build it: npm run build.",
    },
  },
} as const;

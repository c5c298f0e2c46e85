export const english = {
  notARecording: {
    title: "Not a MAV recording",
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
      `Line ${line} does not fit: ${where}: ${problem}.`,
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
    remedy: "The part before it can be used.",
  },
  unreadable: {
    title: "The file cannot be read",
    detail: (reason: string) =>
      `The browser reported: ${reason}. Check that the file still exists, then open it again.`,
  },
  template: {
    title: "The standalone page cannot be created",
    detail: "The site was served without its template. Build it: npm run build.",
  },
} as const;

export const english = {
  title: (name: string) => `${name} · MAV recording`,
  about: "A recorded run. Everything on this page is in this one file.",
  aboutModel: "A recorded run, and its model: both are in this one file.",
  damaged: (reason: string) => ({
    title: "The model in this page is damaged",
    detail: `The recording can be shown, but not continued. Get the file again. (${reason})`,
  }),
  noDescription: "no description",
  otherModel: (model: string) => ({
    title: "This page cannot compute this run",
    detail: `It contains the model ${model} only. Open the recording in MAV.`,
  }),
  noResume: { title: "This page has no server", detail: "The tokens of the run are sent instead." },
  none: "This page has no recording",
  noneDetail: "This is the template for standalone pages. Save a standalone page in MAV.",
} as const;

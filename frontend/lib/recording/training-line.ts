/** Returns whether a line begins a snapshot of a training. */
export const isTrainingLine = (line: string): boolean =>
  /^\s*\{\s*"type"\s*:\s*"training"/.test(line);

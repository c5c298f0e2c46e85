/** The id of the element that holds the recording in a standalone page. */
export const RECORDING_ID = "mav-recording";

/** Whether this is a standalone page, which has no other pages beside it. */
export const isStandalone = (): boolean => document.getElementById(RECORDING_ID) !== null;

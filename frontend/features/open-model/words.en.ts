export const english = {
  title: (name: string) => `${name} · your files, not uploaded`,
  refused: "The model cannot be opened",
  missing: (names: string) =>
    `These files are missing: ${names}. A folder of save_pretrained() has them: drop the folder, or all of its files together.`,
  tooLarge: (size: string, limit: string) =>
    `Its weights have ${size}. A model in the browser can have ${limit}; run a larger one on a server, with mav serve --model FOLDER.`,
  megabytes: (count: number) => `${count.toLocaleString("en")} MB`,
  and: " and ",
  failed: (reason: string) =>
    `The browser reported: ${reason}. Check that the files still exist, or use a smaller model.`,
} as const;

/** Whether the site has a server. One that `mav export-site` wrote names its model instead. */
export const hasServer = (): boolean => !document.documentElement.dataset.model;

export { text } from "./en";

export {
  listRotatedFiles as listSiblings,
  openRotatedFile as openSibling,
  type RotatedFile as Sibling,
} from "./rotated_files.ts";

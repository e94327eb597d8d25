/** The command has said what is wrong itself; it ends with exit code 1. */
export class Failed extends Error {
  override readonly name = 'Failed';
}

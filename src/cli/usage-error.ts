/** Bad usage or configuration: exit code 2, its message is the one line that the person sees. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
